# C types of kinds.py.
cimport cython
cimport caplet.runtime.references as references
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyPointer
from caplet.wire.untyped_builder cimport AnyPointerBuilder

cdef unsigned long long LOW_HALF, WORD

cdef class Kind:
    cdef public str name
    cdef public int size
    cpdef object export(self, object value)

cdef class ScalarKind(Kind):
    cdef public int width
    cdef public str code
    cpdef object load(self, Segment segment, Py_ssize_t offset)
    cpdef store(self, Segment segment, Py_ssize_t offset, object value, object where)

cdef class VoidKind(ScalarKind):
    pass

cdef class BoolKind(ScalarKind):
    pass

cdef class IntKind(ScalarKind):
    cdef public int number
    cdef public bint wide
    cdef public object minimum
    cdef public object maximum
    cdef long long low
    cdef long long high
    @cython.locals(number=cython.int)
    cpdef object load(self, Segment segment, Py_ssize_t offset)
    @cython.locals(width=cython.int)
    cpdef put(self, Segment segment, Py_ssize_t offset, long long number)
    @cython.locals(number=cython.longlong)
    cpdef long long checked(self, object value, object where) except? -1

cdef class FloatKind(ScalarKind):
    cdef public int bits
    @cython.locals(number=cython.double)
    cpdef store(self, Segment segment, Py_ssize_t offset, object value, object where)
    cpdef double checked(self, object value, object where) except? -1.5

cdef class EnumKind(ScalarKind):
    cdef public object enum
    cdef public tuple members
    cdef public dict numbers
    cdef public tuple schema_names
    cpdef object export_number(self, Py_ssize_t number)
    cpdef object member(self, Py_ssize_t number)
    cpdef int number(self, object value, object where) except -1

cdef class PointerKind(Kind):
    cpdef object load(self, Arena arena, Segment segment, Py_ssize_t position, int depth, bint writable)
    cpdef store(self, BuilderArena arena, Segment segment, Py_ssize_t position, object value, object where)
    cpdef object export_at(self, Arena arena, Segment segment, Py_ssize_t position, int depth)

cdef class TextKind(PointerKind):
    pass

cdef class DataKind(PointerKind):
    pass

cdef class InterfaceKind(PointerKind):
    cdef public object client

cdef class AnyPointerKind(PointerKind):
    cdef public object write
