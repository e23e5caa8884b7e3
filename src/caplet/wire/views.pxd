# C types of views.py.
cimport cython
from caplet.wire.segment cimport Segment
from caplet.wire.arena cimport Arena

cdef class StructReader:
    cdef public Arena _arena
    cdef public Segment _segment
    cdef public Py_ssize_t _data
    cdef public Py_ssize_t _pointers
    cdef public unsigned int _data_bytes
    cdef public unsigned int _pointer_count
    cdef public int _depth

    @cython.locals(missing=cython.longlong)
    cpdef _charge_at_least(self, long long words)

cdef class StructBuilder(StructReader):
    pass

cdef class ListReader:
    cdef public Arena _arena
    cdef public Segment _segment
    cdef public Py_ssize_t _start
    cdef public Py_ssize_t _length
    cdef public Py_ssize_t _step_bits
    cdef public unsigned int _data_bytes
    cdef public unsigned int _pointer_count
    cdef public int _depth
    cdef public int _size

    cpdef _charge_bits(self)

cdef class ListBuilder(ListReader):
    pass
