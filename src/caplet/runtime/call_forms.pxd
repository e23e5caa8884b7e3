# C types of call_forms.py.
from caplet.runtime.plans cimport StructKind

cdef class CallForm:
    cdef public object call
    cdef public int hints
    cdef public unsigned long long interface_id
    cdef public unsigned int method_id
    cdef public StructKind params
