# C types of call.py.
from caplet.cap.capability cimport Capability
from caplet.cap.turns cimport Turns
from caplet.wire.untyped cimport AnyPointer

cdef class IncomingCall:
    cdef object __weakref__
    cdef public bint cancel_requested
    cdef public bint cancellable
    cdef public object forwarded
    cdef public int hints
    cdef public unsigned long long interface_id
    cdef public unsigned int method_id
    cdef public bint must_start
    cdef public object on_cancelled
    cdef public AnyPointer params_or_none
    cdef public int stage
    cdef public object stream
    cdef public Capability target
    cdef public Turns turns

    cpdef open(self, Turns turns, unsigned long long interface_id, unsigned int method_id, AnyPointer params, int hints)
    cpdef start(self)
    cpdef results(self, long long size_hint_words=*)
    cpdef finish(self)
    cpdef fail(self, error)
    cpdef cancelled(self)
    cpdef cancel(self)
    cpdef bint ended(self, error) except -1
    cpdef let_go(self)
