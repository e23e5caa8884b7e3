# C types of local_call.py.
from caplet.cap.answer cimport AnswerState
from caplet.cap.call cimport IncomingCall
from caplet.wire.message cimport MessageBuilder

cdef class LocalAnswer(AnswerState):
    cdef public object call

    cpdef finished(self)
    cpdef unwanted(self)

cdef class LocalCall(IncomingCall):
    cdef public MessageBuilder message
    cdef public LocalAnswer state
    cdef public object variables

    cpdef results(self, long long size_hint_words=*)
    cpdef finish(self)
    cpdef fail(self, error)
    cpdef cancelled(self)
