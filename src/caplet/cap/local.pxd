# C types of local.py.
cimport cython
from caplet.cap.call cimport IncomingCall
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request
from caplet.cap.turns cimport Turns, Use

cdef class LocalCapability(Capability):
    cdef public Turns _turns
    cdef public list after
    cdef public bint busy
    cdef public object dispatcher
    cdef public object stream_error
    cdef public Use use
    cdef public object waiting

    cpdef bind(self, Turns turns)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    @cython.locals(turns=Turns)
    cpdef send_request(self, Request request)
    @cython.locals(turns=Turns)
    cpdef deliver(self, IncomingCall call)
    cpdef start(self, IncomingCall call)
    @cython.locals(flags=cython.int)
    cpdef begin(self, IncomingCall call)

cdef class Released:
    cdef public object dispatcher
