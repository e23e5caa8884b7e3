# C types of vat.py.
cimport cython
from caplet.cap.turns cimport Turns

cdef class Vat:
    cdef object __weakref__
    cdef public object bootstrap
    cdef public object connection_class
    cdef public object limits
    cdef public object name
    cdef public object trace_encoder
    cdef public Turns turns
    cdef dict _connections
    cdef list _ready

    cpdef note_output(self, connection)
    cpdef note_end(self, connection)
    @cython.locals(ready=list)
    cpdef list connections_with_output(self)

cdef class OneObject:
    cdef object capability
