# C types of bit_lists.py.
cimport cython
from caplet.runtime.lists cimport List

cdef int VOID, BIT

cdef class VoidList(List):
    pass

cdef class BoolList(List):
    @cython.locals(at=cython.Py_ssize_t, mask=cython.int, old=cython.int)
    cpdef put(self, Py_ssize_t index, object value)
