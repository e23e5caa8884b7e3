# C types of capability.py.

cdef class Capability:
    cdef object __weakref__

cdef class SettledWatch:
    cdef public object callback

cdef class BrokenWatch:
    cdef public object callback

cdef class BrokenCapability(Capability):
    cdef public object reason

cdef class NullCapability(BrokenCapability):
    pass
