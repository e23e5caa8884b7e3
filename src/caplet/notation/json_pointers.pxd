# C types of json_pointers.py.
cimport cython
from caplet.notation.json_forms cimport JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers cimport NumberForm
from caplet.wire.untyped cimport AnyList, AnyPointer
from caplet.wire.untyped_builder cimport AnyListBuilder, AnyPointerBuilder

cdef class OpaqueForm(JsonForm):
    cdef public str word

cdef class HandledForm(JsonForm):
    cdef public object write
    cdef public object read

cdef class TextForm(JsonForm):
    pass

cdef class DataForm(JsonForm):
    cdef public str form

cdef int BIT

cdef class ListForm(JsonForm):
    cdef public JsonForm element
    cdef public int element_size

    @cython.locals(found=AnyList, length=cython.Py_ssize_t, index=cython.Py_ssize_t, outside=cython.bint, inside=cython.bint,
                   deeper=cython.int, element=JsonForm, number=NumberForm, items=list)
    cpdef str encode(self, JsonOutput out, AnyPointer source, object default, int indent, bint prefixed)
    @cython.locals(made=AnyListBuilder, index=cython.Py_ssize_t, element=JsonForm, number=NumberForm)
    cpdef decode(self, JsonInput reading, AnyPointerBuilder target, object source, int depth)
