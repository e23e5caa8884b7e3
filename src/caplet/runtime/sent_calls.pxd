# C types of sent_calls.py.
cimport cython
from caplet.cap.answer cimport Answer, AnswerState
from caplet.cap.turns cimport Turns

cdef class Pipeline:
    cdef public Answer _answer
    cdef public tuple _path
    cdef public object _struct

cdef class PipelineMember:
    cdef public object client
    cdef public tuple steps
    cdef public object struct

    cpdef of_call(self, SentCall call)
    @cython.locals(turns=Turns)
    cpdef pipelined(self, Answer answer, tuple path)

cdef class SentCall(Pipeline):
    cdef object __weakref__
    cdef public bint _noticed
    cdef public object _plan
    cdef public Py_ssize_t _waiting

    @cython.locals(state=AnswerState)
    cpdef _outcome(self)

cdef class ReportedAnswer:
    cdef Answer _answer
    cdef object _plan

cdef class Waiting:
    cdef public bint begun
    cdef public SentCall call
    cdef public object latch
