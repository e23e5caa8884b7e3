# C types of import_.py.
from caplet.cap.capability cimport Capability
from caplet.rpc.tables cimport Tables

cdef class Import:
    cdef public bint called
    cdef public Tables connection
    cdef public Py_ssize_t count
    cdef public object fd
    cdef public unsigned int id
    cdef public object promise
    cdef public object raw
    cdef public Capability resolution
    cdef public int state

    cpdef advance(self, int event)
    cpdef drop_use(self)
