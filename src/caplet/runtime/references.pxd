# C types of references.py.
from caplet.cap.capability cimport Capability

cdef class Reference:
    cdef object __weakref__
    cdef public Capability _capability

cdef class Servers:
    cdef public object capability_of
    cdef public object kind

cpdef Capability as_capability(value, interface)
