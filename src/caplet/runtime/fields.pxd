# C types of fields.py.
cimport cython
from caplet.runtime.kinds cimport EnumKind, FloatKind, IntKind
from caplet.wire.views cimport StructBuilder, StructReader

cdef extern from "Python.h":
    int generic_setattr "PyObject_GenericSetAttr"(object, object, object)

cdef bint COMPILED

cdef inline int raise_again() except -1:
    # What was raised in C and is still to be handled.
    return -1

cdef inline int set_attribute(object obj, object name, object value) except -1:
    # The plain way for attributes that can be set; only then is it asked why not.
    if generic_setattr(obj, name, value) < 0:
        try:
            raise_again()
        except AttributeError as error:
            obj._refuse(name, error)
    return 0

cdef class Field:
    cdef public str name
    cdef public str schema_name
    cdef public str where
    cdef public int tag
    cdef public int tag_index
    cdef public tuple union
    cpdef object read(self, StructReader obj)
    cpdef write(self, StructReader obj, object value)
    cpdef assign(self, StructReader obj, object value)
    cpdef bint is_set(self, StructReader obj) except -1
    cpdef clear(self, StructReader obj)
    @cython.locals(offset=cython.uint)
    cpdef int current_tag(self, StructReader obj) except -1
    @cython.locals(offset=cython.uint)
    cpdef activate(self, StructReader obj)
    cpdef object export(self, StructReader obj)

cdef class FieldBuilder(StructBuilder):
    pass

cdef class VoidField(Field):
    pass

cdef class BoolField(Field):
    cdef public unsigned int bit
    cdef public bint default
    @cython.locals(at=cython.Py_ssize_t, mask=cython.int, old=cython.int)
    cpdef put(self, StructReader obj, bint bit)

cdef class IntField(Field):
    cdef public IntKind kind
    cdef public unsigned int offset
    cdef public unsigned int end
    cdef public object default
    cdef long long stored
    @cython.locals(number=cython.longlong)
    cpdef write(self, StructReader obj, object value)

cdef class UInt8Field(IntField):
    cdef unsigned char mask

cdef class UInt16Field(IntField):
    cdef unsigned short mask

cdef class UInt32Field(IntField):
    cdef unsigned int mask

cdef class UInt64Field(IntField):
    cdef unsigned long long mask

cdef class Int8Field(IntField):
    cdef signed char mask

cdef class Int16Field(IntField):
    cdef short mask

cdef class Int32Field(IntField):
    cdef int mask

cdef class Int64Field(IntField):
    cdef long long mask

cdef class FloatField(Field):
    cdef public FloatKind kind
    cdef public unsigned int offset
    cdef public unsigned int end
    cdef public double default
    cdef public unsigned long long mask
    cdef public bint wide
    @cython.locals(at=cython.Py_ssize_t, number=cython.double, bits=cython.ulonglong)
    cpdef write(self, StructReader obj, object value)
    @cython.locals(at=cython.Py_ssize_t)
    cpdef object read_masked(self, StructReader obj)

cdef class EnumField(Field):
    cdef public EnumKind kind
    cdef public unsigned int offset
    cdef public unsigned int end
    cdef public unsigned short default
    @cython.locals(number=cython.int)
    cpdef write(self, StructReader obj, object value)
