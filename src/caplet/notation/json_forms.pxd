# C types of json_forms.py.
cimport cython
from caplet.wire.untyped cimport AnyPointer, AnyStruct
from caplet.wire.untyped_builder cimport AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

cdef int LONG_ITEM, NESTING, OUTPUT_NESTING, PLAIN_FLOAT
cdef double LEAST_PLAIN, MOST_PLAIN

cdef class JsonOutput:
    cdef public bint pretty
    cdef public bint skip_defaults
    cdef public bint broken
    cdef public int depth
    cdef public str colon

    cpdef enter(self)
    @cython.locals(line=str)
    cpdef str join(self, list items, bint broken, int indent, bint prefixed)
    @cython.locals(outside=cython.bint, inside=cython.bint, deeper=cython.int, items=list, text=str)
    cpdef str plain(self, object value, int indent, bint prefixed)

cdef class JsonInput:
    cdef public bint reject_unknown

    cpdef check_depth(self, int depth)

@cython.locals(item=str)
cpdef bint any_long(list items) except -1
cpdef str float_form(double value)

cdef class JsonForm:
    cdef public bint is_number
    cdef public bint is_struct

    cpdef str encode(self, JsonOutput out, AnyPointer source, object default, int indent, bint prefixed)
    cpdef str encode_struct(self, JsonOutput out, AnyStruct source, int indent, bint prefixed)
    cpdef decode(self, JsonInput reading, AnyPointerBuilder target, object source, int depth)
    cpdef decode_struct(self, JsonInput reading, AnyStructBuilder target, object source, int depth)
    cpdef AnyListBuilder init_list(self, AnyPointerBuilder target, Py_ssize_t length, int size)
