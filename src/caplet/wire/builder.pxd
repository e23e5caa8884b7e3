# C types of builder.py.
cimport cython
from libc.string cimport memcpy
from caplet.wire.arena cimport Arena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader, StructReader

cdef long long BYTE, POINTER, COMPOSITE
cdef long long MAX_LIST_ELEMENTS, MAX_SEGMENT_WORDS, UNLIMITED_WORDS
cdef unsigned long long EMPTY_STRUCT, HIGH_HALF
cdef int UNLIMITED_DEPTH
cdef Py_ssize_t REFERRED_BYTES, REFERRED_SEGMENTS

cdef extern from "Python.h":
    bint is_ascii "PyUnicode_IS_COMPACT_ASCII"(object)
    unsigned char *ascii_of "PyUnicode_1BYTE_DATA"(object)

cdef bint COMPILED

cdef inline int put_ascii(Segment segment, Py_ssize_t start, str text) except -1:
    memcpy(segment.u8s + start, ascii_of(text), len(text))
    return 0

cdef class BuilderArena(Arena):
    cdef public bint by_reference
    cdef public bint grow
    cdef public Segment newest
    cdef public long long next_words
    cdef public Segment target

    @cython.locals(first=Segment, words=cython.longlong)
    cpdef start(self, long long first_segment_words, bint grow)
    @cython.locals(segment=Segment, size=cython.longlong, position=cython.longlong)
    cpdef long long allocate(self, long long words) except -1
    @cython.locals(content=cython.longlong, pad=cython.longlong, segment_id=cython.ulonglong)
    cpdef long long new_object(self, Segment segment, Py_ssize_t position, long long words, unsigned long long descriptor) except -1
    cpdef lay_struct(self, StructReader builder, Segment segment, long long content, long long data_words, long long pointer_count)
    @cython.locals(words=cython.longlong, content=cython.longlong)
    cpdef init_struct(self, StructReader builder, Segment segment, Py_ssize_t position, unsigned long long data_words,
                      unsigned long long pointer_count)
    @cython.locals(old_segment=Segment, old_data=cython.Py_ssize_t, old_bytes=cython.longlong, old_pointers=cython.Py_ssize_t,
                   old_count=cython.longlong, content=cython.longlong)
    cpdef bint writable_struct(self, StructReader builder, Segment segment, Py_ssize_t position, unsigned long long data_words,
                               unsigned long long pointer_count) except -1
    @cython.locals(index=cython.Py_ssize_t)
    cpdef move_contents(self, Segment segment, Py_ssize_t data, Py_ssize_t pointers, Segment old_segment, Py_ssize_t old_data,
                        Py_ssize_t old_bytes, Py_ssize_t old_pointers, Py_ssize_t old_count)
    @cython.locals(step=cython.longlong, content=cython.longlong)
    cpdef init_list(self, ListReader builder, Segment segment, Py_ssize_t position, unsigned long long size, long long length)
    @cython.locals(step=cython.longlong, words=cython.longlong, content=cython.longlong, target=Segment)
    cpdef init_struct_list(self, ListReader builder, Segment segment, Py_ssize_t position, long long length,
                           unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(old_segment=Segment, old_start=cython.Py_ssize_t, old_bytes=cython.Py_ssize_t, old_count=cython.Py_ssize_t,
                   old_step=cython.Py_ssize_t, length=cython.longlong, index=cython.Py_ssize_t, start=cython.Py_ssize_t,
                   old=cython.Py_ssize_t)
    cpdef bint writable_struct_list(self, ListReader builder, Segment segment, Py_ssize_t position, unsigned long long data_words,
                                    unsigned long long pointer_count) except -1
    cpdef long long new_bytes(self, Segment segment, Py_ssize_t position, long long length) except -1
    @cython.locals(length=cython.longlong, start=cython.longlong, made=Segment)
    cpdef set_bytes(self, Segment segment, Py_ssize_t position, bytes content)
    @cython.locals(start=cython.longlong, content=bytes)
    cpdef set_text(self, Segment segment, Py_ssize_t position, str text)
    cpdef set_capability(self, Segment segment, Py_ssize_t position, object capability)
    @cython.locals(pointer=cython.ulonglong, content=cython.longlong)
    cpdef move_pointer(self, Segment segment, Py_ssize_t position, Segment old_segment, Py_ssize_t old_position)
    @cython.locals(pad=cython.longlong)
    cpdef point_at(self, Segment segment, Py_ssize_t position, Segment target, long long content, unsigned long long descriptor)
    @cython.locals(pointer=cython.ulonglong, pad=cython.Py_ssize_t, pad_segment=Segment)
    cpdef forget_pointer(self, Segment segment, Py_ssize_t position)
    @cython.locals(plain=cython.ulonglong, start=cython.longlong)
    cpdef clear(self, Segment segment, Py_ssize_t position)
    @cython.locals(pointer=cython.ulonglong, tag=cython.ulonglong, holder=Segment, at=cython.Py_ssize_t, target=Segment,
                   content=cython.longlong)
    cpdef clear_waiting(self, list waiting)
    @cython.locals(length=cython.longlong, data_words=cython.longlong, pointer_count=cython.longlong, size=cython.int)
    cpdef clear_object(self, Segment segment, long long content, unsigned long long tag, list waiting)
