# C types of vat.py.
from caplet.cap.turns cimport Turns

cdef class Vat:
    cdef object __weakref__
    cdef public object bootstrap
    cdef public object connection_class
    cdef public list connections
    cdef public object limits
    cdef public object name
    cdef public list ready
    cdef public object trace_encoder
    cdef public Turns turns

    cpdef note_output(self, connection)
    cpdef list connections_with_output(self)

cdef class PublicObject:
    cdef object bootstrap

cdef class Closed:
    cdef object connection
    cdef Vat vat
