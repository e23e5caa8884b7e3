# C types of local_call.py.
from caplet.cap.answer cimport AnswerState
from caplet.cap.call cimport IncomingCall

cdef class LocalAnswer(AnswerState):
    cdef public object call

cdef class LocalCall(IncomingCall):
    cdef public object message
    cdef public LocalAnswer state
    cdef public object variables
