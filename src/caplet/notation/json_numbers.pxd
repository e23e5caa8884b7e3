# C types of json_numbers.py.
cimport cython
from caplet.notation.json_forms cimport JsonForm
from caplet.wire.untyped cimport AnyList, AnyStruct
from caplet.wire.untyped_builder cimport AnyListBuilder, AnyStructBuilder

cdef int VOID, BOOL, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT32, FLOAT64, ENUM

cdef class NumberForm(JsonForm):
    cdef public int code
    cdef public bint wide
    cdef public object low
    cdef public object high

    cpdef str text(self, object value)
    cpdef object number(self, object source)
    @cython.locals(code=cython.int)
    cpdef object get(self, AnyStruct source, Py_ssize_t offset, object mask)
    @cython.locals(code=cython.int)
    cpdef bint is_default(self, AnyStruct source, Py_ssize_t offset) except -1
    @cython.locals(code=cython.int)
    cpdef put(self, AnyStructBuilder target, Py_ssize_t offset, object mask, object value)
    @cython.locals(code=cython.int)
    cpdef object element(self, AnyList source, Py_ssize_t index)
    @cython.locals(code=cython.int)
    cpdef put_element(self, AnyListBuilder target, Py_ssize_t index, object value)

cdef class EnumForm(NumberForm):
    cdef public str title
    cdef public list names
    cdef public list quoted
    cdef public dict numbers

    @cython.locals(found=object)
    cpdef object number(self, object source)

cdef class HandledNumberForm(NumberForm):
    cdef public object write
    cdef public object read
