# C types of question.py.
cimport cython
cimport caplet.cap.answer as answer
from caplet.cap.answer cimport AnswerState
from caplet.cap.capability cimport Capability
from caplet.rpc.tables cimport Tables
from caplet.wire.untyped cimport AnyPointer

cdef list STEPS
cdef int EVENTS, UNWANTED

cdef class Slot:
    cdef public bint called
    cdef public tuple path
    cdef public object promise
    cdef public Question question
    cdef public object raw

    cpdef open(self, Question question, tuple path)
    cpdef drop_use(self)

cdef class Question(AnswerState):
    cdef public bint answer_wanted
    cdef public Tables connection
    cdef public list exports
    cdef public int hints
    cdef public unsigned int id
    cdef public bint is_tail
    cdef public dict overrides
    cdef public dict paths
    cdef public Py_ssize_t slot_uses
    cdef public int state
    cdef public Capability target

    cpdef ask(self, Tables connection, int hints)
    @cython.locals(step=tuple, actions=tuple, action=cython.int)
    cpdef advance(self, int event)
    cpdef drop_use(self)
    cpdef check_wanted(self)
    cpdef finished(self)
    @cython.locals(paths=dict, slot=Slot)
    cpdef Slot slot(self, tuple path)
    cpdef Capability pipeline(self, tuple path)
    @cython.locals(paths=dict, slot=Slot, found=Capability, settled=Capability)
    cpdef resolve_paths(self, AnyPointer content, list capabilities)
    cpdef complete_results(self, AnyPointer content, list capabilities)
    cpdef fail(self, error)
