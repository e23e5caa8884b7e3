# C types of call.py.

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
    cdef public object params_or_none
    cdef public int stage
    cdef public object stream
    cdef public object target
    cdef public object turns

    cpdef start(self)
    cpdef bint ended(self, error) except -1
    cpdef let_go(self)
