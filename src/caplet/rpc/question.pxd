# C types of question.py.
from caplet.cap.answer cimport AnswerState

cdef class Slot:
    cdef public bint called
    cdef public tuple path
    cdef public object promise
    cdef public Question question
    cdef public object raw

cdef class Question(AnswerState):
    cdef public bint answer_wanted
    cdef public object connection
    cdef public list exports
    cdef public int hints
    cdef public unsigned int id
    cdef public bint is_tail
    cdef public dict overrides
    cdef public dict paths
    cdef public Py_ssize_t slot_uses
    cdef public int state
    cdef public object target

    cpdef advance(self, int event)
