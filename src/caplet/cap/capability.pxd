# C types of capability.py.
cimport cython
from caplet.cap.call cimport IncomingCall
from caplet.cap.request cimport Request

cdef class Capability:
    cdef object __weakref__

    cpdef resolution(self)
    @cython.locals(capability=Capability, following=Capability)
    cpdef Capability current(self)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    cpdef send_request(self, Request request)
    cpdef deliver(self, IncomingCall call)
    cpdef start(self, IncomingCall call)

cdef class SettledWatch:
    cdef public object callback

cdef class BrokenWatch:
    cdef public object callback

cdef class BrokenCapability(Capability):
    cdef public object reason

    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    cpdef send_request(self, Request request)
    cpdef deliver(self, IncomingCall call)
    cpdef start(self, IncomingCall call)

cdef class NullCapability(BrokenCapability):
    pass
