# C types of answer.py.
from caplet.cap.call cimport IncomingCall
from caplet.rpc.encode cimport OutgoingMessage

cdef class AnswerRow(IncomingCall):
    cdef public list capabilities
    cdef public bint claimed
    cdef public object connection
    cdef public object content
    cdef public object early
    cdef public list exports
    cdef public list frozen
    cdef public dict gates
    cdef public unsigned int id
    cdef public OutgoingMessage message
    cdef public bint redirected
    cdef public object return_error
    cdef public object source
    cdef public int state
    cdef public object tail
    cdef public Py_ssize_t words

    cpdef advance(self, int event)
    cpdef send_results(self)

cdef class Gate:
    cdef public object promise
    cdef public object returned
    cdef public object said
