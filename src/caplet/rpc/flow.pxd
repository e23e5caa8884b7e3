# C types of flow.py.
cimport cython
from caplet.cap.request cimport Request
from caplet.cap.answer cimport Answer, AnswerState
from caplet.cap.turns cimport Turns
from caplet.rpc.tables cimport Tables
from caplet.rpc.window cimport Window
from caplet.rpc.remote cimport RemoteCapability

cdef AnswerState ROOM

cdef class Flow:
    cdef public object driver
    cdef public long long kept_words
    cdef public object make_window
    cdef public dict streams
    cdef public long long words

    @cython.locals(limit=cython.longlong)
    cpdef str admit_call(self, Tables connection, long long words)
    cpdef call_answered(self, Tables connection, long long words)
    cpdef check_paused(self, Tables connection)
    @cython.locals(stream=Stream)
    cpdef send_streaming(self, RemoteCapability raw, Request request)
    cpdef Window new_window(self)

cdef class Stream:
    cdef public list acked
    cdef public list blocked
    cdef public object error
    cdef public Flow flow
    cdef public Py_ssize_t in_flight
    cdef public Turns turns
    cdef public Window window

    @cython.locals(connection=Tables, answer=Answer, sent_words=cython.longlong, size=cython.longlong, window=Window)
    cpdef Answer send(self, RemoteCapability raw, Request request)
    @cython.locals(window=Window)
    cpdef answered(self, long long size, error)

cdef class StreamedCall:
    cdef Answer answer
    cdef RemoteCapability raw
    cdef long long size
    cdef Stream stream

    cpdef answered(self, AnswerState state)
