# C types of flow.py.
cimport cython
from caplet.cap.request cimport Request
from caplet.rpc.tables cimport Tables
from caplet.rpc.remote cimport RemoteCapability

cdef class Flow:
    cdef public long long early_bytes
    cdef public object make_window
    cdef public dict streams
    cdef public long long words
    cdef public object write_early

    @cython.locals(limit=cython.longlong)
    cpdef bint admit_call(self, Tables connection, long long words) except -1
    cpdef call_answered(self, Tables connection, long long words)
    cpdef check_paused(self, Tables connection)
    cpdef send_streaming(self, RemoteCapability raw, Request request)
    cpdef count_streamed(self, long long size_bytes)
