# C types of promise.py.
from caplet.cap.capability cimport Capability

cdef class PromiseCapability(Capability):
    cdef public object _turns
    cdef public object _resolution
    cdef public object owner
    cdef public tuple path
    cdef public list queue
    cdef public Py_ssize_t waiting
    cdef public list watches
