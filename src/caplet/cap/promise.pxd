# C types of promise.py.
cimport cython
from caplet.cap.answer cimport AnswerState
from caplet.cap.call cimport IncomingCall
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request
from caplet.cap.turns cimport Turns, Use

cdef class PromiseCapability(Capability):
    cdef public Turns _turns
    cdef public Capability _resolution
    cdef public AnswerState owner
    cdef public tuple path
    cdef public list queue
    cdef public Use use
    cdef public Py_ssize_t waiting
    cdef public list watches

    cpdef open(self, Turns turns, AnswerState owner, tuple path)
    cpdef resolution(self)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    cpdef send_request(self, Request request)
    cpdef deliver(self, IncomingCall call)
    cpdef enqueue(self, thing)
    @cython.locals(target=Capability, call=IncomingCall)
    cpdef resolve(self, Capability capability)
