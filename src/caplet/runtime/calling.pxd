# C types of calling.py.
cimport cython
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request as CapRequest
from caplet.cap.turns cimport Turns
from caplet.runtime.call_forms cimport CallForm
from caplet.runtime.references cimport Reference
from caplet.wire.views cimport StructReader

cdef int ONLY_PROMISE_PIPELINE

cdef class MethodBinder:
    cdef public object bound
    cdef public object plan

    cpdef bound_to(self, Reference client)

cdef class MethodCaller:
    cdef public Capability _capability
    cdef public object _plan

    @cython.locals(capability=Capability, form=CallForm, params=StructReader, request=CapRequest, turns=Turns)
    cpdef send(self, tuple args, dict kwargs)

cdef class Request:
    cdef public object _plan
    cdef public CapRequest _request
    cdef public object params

cdef class HandedOverRequest(Request):
    cdef public Turns _turns
