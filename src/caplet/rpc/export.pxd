# C types of export.py.

cdef class Export:
    cdef public object connection
    cdef public Py_ssize_t count
    cdef public object id
    cdef public int state
    cdef public object target
