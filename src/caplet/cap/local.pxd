# C types of local.py.
from caplet.cap.capability cimport Capability

cdef class LocalCapability(Capability):
    cdef public object _turns
    cdef public list after
    cdef public bint busy
    cdef public object dispatcher
    cdef public object stream_error
    cdef public object waiting

cdef class Released:
    cdef public object dispatcher
