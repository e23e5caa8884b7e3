# C types of answer.py.
cimport cython
cimport caplet.rpc.descriptor as descriptor
cimport caplet.rpc.encode as encode
cimport caplet.rpc.tailcall as tailcall
from caplet.cap.answer cimport AnswerState
from caplet.cap.call cimport IncomingCall
from caplet.cap.capability cimport Capability
from caplet.rpc.tables cimport Tables
from caplet.rpc.encode cimport OutgoingMessage
from caplet.wire.untyped cimport AnyPointer
from caplet.wire.untyped_builder cimport AnyListBuilder

cdef list STEPS
cdef int EVENTS, SMALL_WORDS, RUNNING, CANCELLED, GONE, RETURNED, RETURNED_FOR_GOOD

cdef class AnswerRow(IncomingCall):
    cdef public list capabilities
    cdef public bint claimed
    cdef public Tables connection
    cdef public AnyPointer content
    cdef public AnswerState early
    cdef public list exports
    cdef public list frozen
    cdef public dict gates
    cdef public unsigned int id
    cdef public Py_ssize_t kept_words
    cdef public OutgoingMessage message
    cdef public bint redirected
    cdef public object return_error
    cdef public object source
    cdef public int state
    cdef public object tail
    cdef public Py_ssize_t words

    cpdef begin(self, Tables connection, unsigned int answer_id, Py_ssize_t words, bint redirected)
    @cython.locals(step=tuple, actions=tuple, action=cython.int)
    cpdef advance(self, int event)
    cpdef results(self, long long size_hint_words=*)
    cpdef finish(self)
    cpdef fail(self, error)
    cpdef cancelled(self)
    @cython.locals(connection=Tables, message=OutgoingMessage, capabilities=list, frozen=list, exports=list)
    cpdef send_results(self)
    @cython.locals(listed=AnyListBuilder, frozen=list, index=cython.Py_ssize_t, capabilities=list)
    cpdef describe_results(self, OutgoingMessage message, list exports)
    @cython.locals(connection=Tables, state=cython.int)
    cpdef send_error(self, error)
    cpdef Capability pipeline(self, tuple path)
    @cython.locals(pointer=AnyPointer, said=Capability)
    cpdef Capability returned_capability(self, tuple path)

cdef class Gate:
    cdef public object promise
    cdef public object returned
    cdef public object said
