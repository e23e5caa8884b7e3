# C types of framing.py.
cimport cython

cdef class Framer:
    cdef object _limits
    cdef bytearray _pending
    cdef Py_ssize_t _needed

    @cython.locals(messages=list, start=cython.Py_ssize_t, end=cython.Py_ssize_t)
    cpdef list feed(self, object chunk)
    @cython.locals(first=cython.ulonglong, end=cython.Py_ssize_t, at=cython.Py_ssize_t, words=cython.Py_ssize_t)
    cpdef Py_ssize_t cut(self, object view, Py_ssize_t start, list messages) except -1
