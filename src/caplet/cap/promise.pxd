# C types of promise.py.
cimport cython
from caplet.cap.answer cimport AnswerState
from caplet.cap.call cimport IncomingCall
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request
from caplet.cap.turns cimport Turns, Use

cdef class Promise(Capability):
    cdef public Turns _turns
    cdef public Capability _resolution
    cdef public list behind
    cdef public list watches

    cpdef resolution(self)
    @cython.locals(behind=list, followers=list, others=list, promise=Promise, other=Promise)
    cpdef point_at(self, Capability target)

cdef class PromiseCapability(Promise):
    cdef public AnswerState owner
    cdef public tuple path
    cdef public list queue
    cdef public Use use
    cdef public Py_ssize_t waiting

    cpdef open(self, Turns turns, AnswerState owner, tuple path)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    cpdef send_request(self, Request request)
    cpdef deliver(self, IncomingCall call)
    cpdef enqueue(self, thing)
    @cython.locals(turns=Turns)
    cpdef resolve(self, Capability capability)
    @cython.locals(target=Capability, call=IncomingCall)
    cpdef pass_on(self, Capability capability)
