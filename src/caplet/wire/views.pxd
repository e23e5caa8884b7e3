# C types of views.py.
from caplet.wire.segment cimport Segment
from caplet.wire.arena cimport Arena

cdef class StructReader:
    cdef Arena _arena
    cdef Segment _segment
    cdef Py_ssize_t _data
    cdef Py_ssize_t _pointers
    cdef unsigned int _data_bytes
    cdef unsigned int _pointer_count
    cdef int _depth

cdef class StructBuilder(StructReader):
    pass

cdef class ListReader:
    cdef Arena _arena
    cdef Segment _segment
    cdef Py_ssize_t _start
    cdef Py_ssize_t _length
    cdef Py_ssize_t _step_bits
    cdef unsigned int _data_bytes
    cdef unsigned int _pointer_count
    cdef int _depth
    cdef int _size

cdef class ListBuilder(ListReader):
    pass
