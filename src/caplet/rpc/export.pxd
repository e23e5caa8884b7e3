# C types of export.py.
from caplet.cap.capability cimport Capability
from caplet.rpc.tables cimport Tables

cdef class Export:
    cdef public Tables connection
    cdef public Py_ssize_t count
    cdef public long long id
    cdef public int state
    cdef public Capability target

    cpdef advance(self, int event)
