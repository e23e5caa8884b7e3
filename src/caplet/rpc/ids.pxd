# C types of ids.py.
cimport cython

cdef class IdTable:
    cdef public Py_ssize_t count
    cdef public list free
    cdef public list rows

    @cython.locals(rows=list, number=cython.Py_ssize_t)
    cpdef Py_ssize_t add(self, row) except -1
    @cython.locals(rows=list)
    cpdef get(self, long long number)
    @cython.locals(rows=list)
    cpdef remove(self, Py_ssize_t number)
    cpdef list entries(self)
