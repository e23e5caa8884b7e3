# C types of import_.py.

cdef class Import:
    cdef public bint called
    cdef public object connection
    cdef public Py_ssize_t count
    cdef public object fd
    cdef public object id
    cdef public object promise
    cdef public object raw
    cdef public object resolution
    cdef public int state
