# C types of request.py.

cdef class Request:
    cdef public object connection
    cdef public int hints
    cdef public unsigned long long interface_id
    cdef public object message
    cdef public unsigned int method_id
    cdef public object params
    cdef public object target
