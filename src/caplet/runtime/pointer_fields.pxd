# C types of pointer_fields.py.
cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from libc.string cimport memcpy
from caplet.runtime.fields cimport Field
from caplet.runtime.kinds cimport PointerKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport StructBuilder, StructReader

cdef extern from "Python.h":
    PyObject *decode_utf8 "PyUnicode_DecodeUTF8"(const char *, Py_ssize_t, const char *)
    PyObject *new_text "PyUnicode_New"(Py_ssize_t, Py_UCS4)
    unsigned char *text_start "PyUnicode_1BYTE_DATA"(object)
    Py_ssize_t text_length "PyUnicode_GET_LENGTH"(object)
    bint is_ascii "PyUnicode_IS_COMPACT_ASCII"(object)
    void PyErr_Clear()

cdef bint COMPILED

cdef inline bint is_short_ascii(unsigned long long *words, long long length):
    # Whether a text of two to 32 bytes is ASCII, to the end of its last word: the NUL is there, so each of its words lies in the segment.
    cdef unsigned long long seen = 0
    cdef long long at
    if length < 2 or length > 32:
        return False
    for at in range((length + 7) >> 3):
        seen |= words[at]
    return seen & 0x8080808080808080ULL == 0

cdef inline object plain_text(Arena arena, Segment segment, Py_ssize_t position):
    # The plain case, sound text ahead in the same segment; None for whatever needs another look.
    cdef unsigned long long pointer = segment.u64s[position]
    cdef long long length = pointer >> 35
    cdef long long content = position + 1 + ((pointer >> 2) & 0x3FFFFFFF)
    cdef long long words = (length + 7) >> 3
    cdef const unsigned char *start
    cdef PyObject *made
    if pointer & 3 != 1 or (pointer >> 32) & 7 != 2 or length == 0 or content + words > segment.words or words > arena.budget:
        return None
    start = segment.u8s + (content << 3)
    length -= 1
    if start[length] != 0:
        return None
    if is_short_ascii(segment.u64s + content, length):
        made = new_text(length, 127)
        if made is NULL:
            PyErr_Clear()
            return None
        memcpy(text_start(<object>made), start, length)
    else:
        made = decode_utf8(<const char *>start, length, NULL)
        if made is NULL:
            PyErr_Clear()
            return None
    arena.budget -= words
    found = <object>made
    Py_DECREF(found)
    return found

cdef inline bint put_plain_text(Arena arena, Segment segment, Py_ssize_t position, object value) noexcept:
    # The plain case, ASCII text for a pointer that is null, with room in the same segment; False, and nothing is done, for whatever needs another look.
    cdef Py_ssize_t length, content, words
    if type(value) is not str or not is_ascii(value) or segment.u64s[position] != 0:
        return False
    length = text_length(value) + 1
    words = (length + 7) >> 3
    content = segment.used
    if words > segment.words - content or length > 0x1FFFFFFF:
        return False
    segment.used = content + words
    segment.u64s[position] = 1 | <unsigned long long>(content - position - 1) << 2 | <unsigned long long>2 << 32 | <unsigned long long>length << 35
    memcpy(segment.u8s + (content << 3), text_start(value), length)
    return True

cdef class PointerField(Field):
    cdef public PointerKind kind
    cdef public unsigned int index
    cdef public object default_bytes
    cdef public Arena default_arena
    cpdef object read_default(self, StructReader obj)
    cpdef Arena default_message(self)
    @cython.locals(position=cython.Py_ssize_t)
    cpdef object touch(self, StructReader obj)
    @cython.locals(arena=BuilderArena, position=cython.Py_ssize_t)
    cpdef write(self, StructReader obj, object value)
    @cython.locals(arena=BuilderArena)
    cpdef clear(self, StructReader obj)
    @cython.locals(arena=Arena)
    cpdef object export(self, StructReader obj)
    cpdef Py_ssize_t position(self, StructReader obj) except -1

cdef class TextField(PointerField):
    cpdef write(self, StructReader obj, object value)
