# C types of request.py.
from caplet.cap.capability cimport Capability
from caplet.wire.message cimport MessageBuilder
from caplet.wire.untyped_builder cimport AnyPointerBuilder

cdef class Request:
    cdef public object connection
    cdef public int hints
    cdef public unsigned long long interface_id
    cdef public MessageBuilder message
    cdef public unsigned int method_id
    cdef public AnyPointerBuilder params
    cdef public Capability target

    cpdef open(self, Capability target, unsigned long long interface_id, unsigned int method_id)
    cpdef send(self)
