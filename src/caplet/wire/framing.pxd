# C types of framing.py.
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyObject_GetBuffer
from cpython.bytearray cimport PyByteArray_FromStringAndSize
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.memoryview cimport PyMemoryView_GET_BUFFER
from libc.string cimport memcpy
from caplet.wire.message cimport MessageReader
from caplet.wire.segment cimport Segment, point

cdef bint COMPILED

cdef inline bytearray new_room(Py_ssize_t size):
    return PyByteArray_FromStringAndSize(NULL, size)

cdef inline unsigned long long word_at(object data, Py_ssize_t start):
    # The word at byte `start` of bytes, or of a view of contiguous ones.
    cdef unsigned long long word
    memory = <char *>PyBytes_AS_STRING(data) if type(data) is bytes else <char *>PyMemoryView_GET_BUFFER(data).buf
    memcpy(&word, memory + start, 8)
    return word

cdef inline bytes word_of(unsigned long long number):
    return PyBytes_FromStringAndSize(<char *>&number, 8)

cdef inline int see_words(MessageReader message, object data, Py_ssize_t start, Py_ssize_t words, object limits) except -1:
    # What MessageReader.open() does with a view of these words.
    segment = <Segment>Segment.__new__(Segment)
    PyObject_GetBuffer(data, &segment.pinned.view, PyBUF_SIMPLE)
    segment.source = data
    point(segment, <char *>segment.pinned.view.buf + start)
    segment.words = segment.used = words
    message.start_reading([segment], limits)
    return 0

cpdef unsigned long long first_word(object data, Py_ssize_t start) except? 0
@cython.locals(table=cython.ulonglong)
cpdef list frame(segments)
@cython.locals(room=bytearray)
cpdef bytearray take_room(Py_ssize_t size)
cpdef bint is_seen(bytearray room) except -1
cpdef keep_room(bytearray room)

cdef class Framer:
    cdef object _limits
    cdef long long _most_words
    cdef bytes _table
    cdef bytearray _body
    cdef Py_ssize_t _needed
    cdef Py_ssize_t _size
    cdef Py_ssize_t _have

    @cython.locals(messages=list, start=cython.Py_ssize_t, end=cython.Py_ssize_t)
    cpdef list feed(self, object chunk)
    @cython.locals(size=cython.Py_ssize_t, table=cython.ulonglong, words=cython.Py_ssize_t, end=cython.Py_ssize_t,
                   message=MessageReader)
    cpdef Py_ssize_t cut_plain(self, object data, Py_ssize_t start, list messages) except -1
    @cython.locals(end=cython.Py_ssize_t, at=cython.Py_ssize_t)
    cpdef Py_ssize_t cut(self, object view, Py_ssize_t start, list messages) except -1
    @cython.locals(words=cython.Py_ssize_t)
    cpdef split(self, object view, list sizes, Py_ssize_t at, list messages)
    @cython.locals(size=cython.Py_ssize_t)
    cpdef Py_ssize_t gather(self, object view, Py_ssize_t start, list messages) except -1
    cpdef room(self)
    @cython.locals(missing=cython.Py_ssize_t)
    cpdef enlarge(self)
    cpdef list filled(self, Py_ssize_t size)
    cpdef advance(self, Py_ssize_t size, list messages)
    @cython.locals(buffers=list)
    cpdef list frame(self, messages)
