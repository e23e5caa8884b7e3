# C types of dispatching.py.
cimport cython
from caplet.cap.call cimport IncomingCall
from caplet.runtime.server_methods cimport ServerMethod

cdef class ServerDispatcher:
    cdef public ServerMethod last
    cdef public dict methods
    cdef public object plan
    cdef public object server

    @cython.locals(method=ServerMethod)
    cpdef int method_flags(self, unsigned long long interface_id, unsigned int method_id) except -1
    @cython.locals(last=ServerMethod, found=ServerMethod)
    cpdef ServerMethod method_or_none(self, unsigned long long interface_id, unsigned int method_id)
    @cython.locals(method=ServerMethod)
    cpdef dispatch(self, IncomingCall call)
