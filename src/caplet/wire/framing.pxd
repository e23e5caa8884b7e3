# C types of framing.py.
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyObject_GetBuffer
from cpython.bytearray cimport PyByteArray_FromStringAndSize
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.memoryview cimport PyMemoryView_GET_BUFFER
from libc.string cimport memcpy
from caplet.wire.message cimport MessageReader
from caplet.wire.segment cimport Segment, point

cdef extern from "Python.h":
    void PyObject_GC_UnTrack(object)

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

cdef inline unsigned long long half_at(object data, Py_ssize_t start):
    # The 32-bit number at byte `start`, as `word_at`; with room for sums.
    cdef unsigned int number
    memory = <char *>PyBytes_AS_STRING(data) if type(data) is bytes else <char *>PyMemoryView_GET_BUFFER(data).buf
    memcpy(&number, memory + start, 4)
    return number

cdef inline Segment segment_at(object data, Py_ssize_t start, Py_ssize_t words, Py_ssize_t segment_id):
    # What Segment() makes of a view of these words, without the view.
    segment = <Segment>Segment.__new__(Segment)
    PyObject_GetBuffer(data, &segment.pinned.view, PyBUF_SIMPLE)
    segment.source = data
    segment.id = segment_id
    point(segment, <char *>segment.pinned.view.buf + start)
    segment.words = segment.used = words
    return segment

cdef inline list only_bytes(list segments):
    # Takes segments that see nothing but bytes out of the sight of the collector of cycles, as Python does with tuples of such things: what they
    # hold leads nowhere, they and their list stay as they are, and of messages that wait there may be very many.
    for segment in segments:
        if type((<Segment>segment).source) is not bytes:
            return segments
        PyObject_GC_UnTrack(segment)
    PyObject_GC_UnTrack(segments)
    return segments

cdef inline int see_words(MessageReader message, object data, Py_ssize_t start, Py_ssize_t words, object limits) except -1:
    # What MessageReader.open() does with a view of these words.
    message.start_reading(only_bytes([segment_at(data, start, words, 0)]), limits)
    return 0

cdef inline int see_segments(MessageReader message, object data, Py_ssize_t start, list sizes, object limits) except -1:
    # What MessageReader.open() does with views of segments that lie one behind the other.
    cdef Py_ssize_t words
    segments = []
    for words in sizes:
        segments.append(segment_at(data, start, words, len(segments)))
        start += words << 3
    message.start_reading(only_bytes(segments), limits)
    return 0

cpdef unsigned long long first_word(object data, Py_ssize_t start) except? 0
cpdef unsigned long long number_at(object data, Py_ssize_t start) except? 0
@cython.locals(bits=cython.int)
cpdef bytes frame_header(segment_words)
@cython.locals(table=cython.ulonglong)
cpdef list frame(segments)
@cython.locals(available=cython.Py_ssize_t, count=cython.longlong, table_bytes=cython.longlong, known=cython.Py_ssize_t,
               number=cython.Py_ssize_t, words=cython.ulonglong, total=cython.ulonglong, sizes=list)
cpdef tuple read_table(object data, Py_ssize_t start, object limits, bint in_place=*)
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
    cpdef Py_ssize_t cut(self, object data, Py_ssize_t start, list messages) except -1
    @cython.locals(words=cython.Py_ssize_t, message=MessageReader)
    cpdef split(self, object data, list sizes, Py_ssize_t at, list messages)
    @cython.locals(size=cython.Py_ssize_t)
    cpdef Py_ssize_t gather(self, object view, Py_ssize_t start, list messages) except -1
    cpdef room(self)
    @cython.locals(missing=cython.Py_ssize_t)
    cpdef enlarge(self)
    cpdef list filled(self, Py_ssize_t size)
    cpdef advance(self, Py_ssize_t size, list messages)
    @cython.locals(buffers=list)
    cpdef list frame(self, messages)
