# C types of segment.py: typed pointers in place of memoryview casts.
cimport cython
from cpython.memoryview cimport PyMemoryView_FromObject, PyMemoryView_GET_BUFFER
from cpython.unicode cimport PyUnicode_DecodeUTF8
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.string cimport memcpy, memset

cdef bint COMPILED

@cython.final
cdef class Segment:
    cdef readonly Py_ssize_t id
    cdef readonly bint fixed
    cdef public Py_ssize_t used
    cdef readonly Py_ssize_t words
    cdef readonly object view
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
    cpdef refer(self, object content, Py_ssize_t segment_id)
    @cython.locals(missing=cython.Py_ssize_t)
    cpdef content(self)
    cpdef bytes blob(self, Py_ssize_t start, Py_ssize_t length)
    cpdef str text(self, Py_ssize_t start, Py_ssize_t length)
    cpdef put_bytes(self, Py_ssize_t start, content)
    cpdef zero(self, Py_ssize_t start, Py_ssize_t length)

cdef inline Py_ssize_t see_buffer(Segment segment, object buffer) except -1:
    cdef object view = PyMemoryView_FromObject(buffer)
    cdef Py_buffer *seen = PyMemoryView_GET_BUFFER(view)
    cdef Py_ssize_t size = seen.len
    if seen.ndim != 1 or seen.itemsize != 1 or size & 7 or (seen.strides is not NULL and seen.strides[0] != 1):
        view = view.cast("B")[:size & ~7]
        seen = PyMemoryView_GET_BUFFER(view)
    cdef void *start = seen.buf
    segment.view = view
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
    return size >> 3

cdef inline str decode_utf8(Segment segment, Py_ssize_t start, Py_ssize_t length):
    return PyUnicode_DecodeUTF8(<char *>segment.u8s + start, length, NULL)

cdef inline int copy_bytes(Segment segment, Py_ssize_t start, bytes content) except -1:
    memcpy(segment.u8s + start, PyBytes_AS_STRING(content), PyBytes_GET_SIZE(content))
    return 0

cdef inline int fill_zeros(Segment segment, Py_ssize_t start, Py_ssize_t length) except -1:
    if length > 0:
        memset(segment.u8s + start, 0, length)
    return 0
