# C types of answer.py.
cimport cython
from caplet.cap.capability cimport Capability
from caplet.cap.promise cimport PromiseCapability
from caplet.cap.turns cimport Turns
from caplet.wire.untyped cimport AnyPointer

cdef class AnswerState:
    cdef object __weakref__
    cdef public list callbacks
    cdef public AnyPointer content
    cdef public object error
    cdef public dict pinned
    cdef public dict slots
    cdef public object source
    cdef public Turns turns
    cdef public Py_ssize_t uses

    cpdef open(self, Turns turns)
    @cython.locals(slots=dict, promise=PromiseCapability)
    cpdef Capability pipeline(self, tuple path)
    cpdef AnswerState awaited(self)
    cpdef AnswerState following(self, tuple path)
    @cython.locals(state=AnswerState, following=AnswerState)
    cpdef AnswerState last_source(self, tuple path)
    cpdef complete(self, AnyPointer content)
    cpdef fail(self, error)
    cpdef finished(self)
    @cython.locals(callbacks=list, turns=Turns)
    cpdef go_on(self)
    @cython.locals(slots=dict, promise=PromiseCapability)
    cpdef resolve_slots(self)
    cpdef pin(self, tuple path, PromiseCapability promise)
    cpdef unpin(self, tuple path)
    cpdef drop_use(self)
    cpdef unwanted(self)

cdef class Answer:
    cdef object __weakref__
    cdef bint _held
    cdef public AnswerState state

    cpdef open(self, AnswerState state)
    cpdef Capability pipeline(self, tuple path)
    @cython.locals(state=AnswerState)
    cpdef on_done(self, callback)
    cpdef cancel(self)
    cpdef keep(self)

@cython.locals(pointer=AnyPointer)
cpdef Capability capability_at(AnyPointer content, tuple path)
