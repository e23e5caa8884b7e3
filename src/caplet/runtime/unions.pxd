# C types of unions.py.
cimport cython
from caplet.wire.views cimport StructReader

@cython.final
cdef class Which:
    cdef public tuple members
    cdef public int tag_index
    @cython.locals(offset=cython.Py_ssize_t, tag=cython.Py_ssize_t)
    cpdef object read(self, StructReader obj)
