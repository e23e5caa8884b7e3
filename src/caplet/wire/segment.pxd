# C types of segment.py: typed pointers in place of memoryview casts.
cimport cython
from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_FromStringAndSize, PyByteArray_GET_SIZE
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_REFCNT
from cpython.exc cimport PyErr_Clear
from cpython.unicode cimport PyUnicode_DecodeUTF8
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.string cimport memcpy, memset

cdef extern from "Python.h":
    int get_buffer "PyObject_GetBuffer"(object, Py_buffer *, int)

cdef bint COMPILED

cdef struct Pinned:
    # A buffer inside a struct of its own: of one that it sees, Cython makes the collector of cycles forget the owner without releasing it.
    Py_buffer view

@cython.final
cdef class Segment:
    cdef readonly Py_ssize_t id
    cdef readonly bint fixed
    cdef public Py_ssize_t used
    cdef readonly Py_ssize_t words
    cdef object _view
    cdef object source
    cdef Pinned pinned
    cdef unsigned char *u8s
    cdef signed char *i8s
    cdef unsigned short *u16s
    cdef short *i16s
    cdef unsigned int *u32s
    cdef int *i32s
    cdef unsigned long long *u64s
    cdef long long *i64s
    cdef float *f32s
    cdef double *f64s

    @cython.locals(words=cython.Py_ssize_t)
    cpdef open(self, object buffer, Py_ssize_t segment_id, Py_ssize_t used)
    @cython.locals(start=cython.Py_ssize_t)
    cpdef object make_view(self)
    cpdef refer(self, object content, Py_ssize_t segment_id)
    cpdef allocate(self, Py_ssize_t words, Py_ssize_t segment_id, Py_ssize_t used)
    @cython.locals(missing=cython.Py_ssize_t)
    cpdef content(self)
    cpdef bytes blob(self, Py_ssize_t start, Py_ssize_t length)
    cpdef str text(self, Py_ssize_t start, Py_ssize_t length)
    cpdef put_bytes(self, Py_ssize_t start, content)
    cpdef zero(self, Py_ssize_t start, Py_ssize_t length)

cdef inline int point(Segment segment, void *start) except -1:
    segment.u8s = <unsigned char *>start
    segment.i8s = <signed char *>start
    segment.u16s = <unsigned short *>start
    segment.i16s = <short *>start
    segment.u32s = <unsigned int *>start
    segment.i32s = <int *>start
    segment.u64s = <unsigned long long *>start
    segment.i64s = <long long *>start
    segment.f32s = <float *>start
    segment.f64s = <double *>start
    return 0

cdef inline Py_ssize_t see_buffer(Segment segment, object buffer) except -1:
    if type(buffer) is not bytes and type(buffer) is not memoryview and type(buffer) is not bytearray:
        # What others show may differ from one time to the next.
        buffer = memoryview(buffer)
    PyBuffer_Release(&segment.pinned.view)
    PyObject_GetBuffer(buffer, &segment.pinned.view, PyBUF_SIMPLE)
    segment.source = buffer
    segment._view = None
    point(segment, segment.pinned.view.buf)
    return segment.pinned.view.len >> 3

cdef inline Py_ssize_t see_framed(Segment segment, object data) except -1:
    # Looks at the only segment of a message that lies whole in `data`, and returns its words; 0 when there are more, or less, or the buffer
    # is of another kind, and then the segment is as it was.
    cdef Py_buffer *pinned = &segment.pinned.view
    cdef unsigned int *table
    if type(data) is not bytes and type(data) is not memoryview and type(data) is not bytearray:
        return 0
    if get_buffer(data, pinned, PyBUF_SIMPLE) < 0:
        PyErr_Clear()
        return 0
    table = <unsigned int *>pinned.buf
    if pinned.len < 16 or table[0] != 0 or table[1] > (pinned.len >> 3) - 1:
        PyBuffer_Release(pinned)
        return 0
    segment.source = data
    segment.words = segment.used = table[1]
    point(segment, table + 2)
    return segment.words

cdef inline Py_ssize_t seen_from(Segment segment) noexcept:
    # The byte of the buffer where the segment begins.
    return segment.u8s - <unsigned char *>segment.pinned.view.buf

# Memory of first segments that is not in use, ready for the next message.
cdef struct Pool:
    int count
    PyObject *idle[8]

cdef Pool POOL

cdef inline int let_go(Segment segment) except -1:
    PyBuffer_Release(&segment.pinned.view)
    memory = segment.source
    if type(memory) is bytearray and POOL.count < 8 and PyByteArray_GET_SIZE(memory) == 8192 and Py_REFCNT(memory) == 2:
        # Nobody else has it: there are `memory` and `segment.source`.
        Py_INCREF(memory)
        POOL.idle[POOL.count] = <PyObject *>memory
        POOL.count += 1
    return 0

cdef inline object zeros(Py_ssize_t size):
    if size == 8192 and POOL.count > 0:
        POOL.count -= 1
        made = <object>POOL.idle[POOL.count]
        Py_DECREF(made)
    else:
        made = PyByteArray_FromStringAndSize(NULL, size)
    memset(PyByteArray_AS_STRING(made), 0, size)
    return made

cdef inline str decode_utf8(Segment segment, Py_ssize_t start, Py_ssize_t length):
    return PyUnicode_DecodeUTF8(<char *>segment.u8s + start, length, NULL)

cdef inline int copy_bytes(Segment segment, Py_ssize_t start, bytes content) except -1:
    memcpy(segment.u8s + start, PyBytes_AS_STRING(content), PyBytes_GET_SIZE(content))
    return 0

cdef inline int fill_zeros(Segment segment, Py_ssize_t start, Py_ssize_t length) except -1:
    if length > 0:
        memset(segment.u8s + start, 0, length)
    return 0
