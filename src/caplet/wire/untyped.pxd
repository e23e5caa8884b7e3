# C types of untyped.py.
cimport cython
from caplet.wire.arena cimport Arena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader, StructReader

cdef int VOID, BIT, POINTER, COMPOSITE

cdef class AnyStruct(StructReader):
    cpdef unsigned char u8(self, Py_ssize_t offset, unsigned char default=*)
    cpdef unsigned short u16(self, Py_ssize_t offset, unsigned short default=*)
    cpdef unsigned int u32(self, Py_ssize_t offset, unsigned int default=*)
    cpdef unsigned long long u64(self, Py_ssize_t offset, unsigned long long default=*)
    cpdef signed char i8(self, Py_ssize_t offset, signed char default=*)
    cpdef short i16(self, Py_ssize_t offset, short default=*)
    cpdef int i32(self, Py_ssize_t offset, int default=*)
    cpdef long long i64(self, Py_ssize_t offset, long long default=*)
    cpdef float f32(self, Py_ssize_t offset)
    cpdef double f64(self, Py_ssize_t offset)
    cpdef bint boolean(self, Py_ssize_t bit, bint default=*)
    cpdef bint has(self, Py_ssize_t index)
    @cython.locals(found=AnyPointer)
    cpdef AnyPointer pointer(self, Py_ssize_t index)
    @cython.locals(found=AnyStruct)
    cpdef AnyStruct struct(self, Py_ssize_t index)
    @cython.locals(found=AnyList)
    cpdef AnyList list(self, Py_ssize_t index)
    cpdef str text(self, Py_ssize_t index, str default=*)
    cpdef bytes blob(self, Py_ssize_t index, bytes default=*)
    cpdef AnyStruct lie_at(self, StructReader place)

cdef class AnyPointer:
    cdef public Arena _arena
    cdef public Segment _segment
    cdef public Py_ssize_t _position
    cdef public int _depth

    @cython.locals(found=AnyStruct)
    cpdef AnyStruct struct(self)
    @cython.locals(found=AnyList)
    cpdef AnyList list(self)
    cpdef str text(self, str default=*)
    cpdef bytes blob(self, bytes default=*)
    @cython.locals(index=cython.Py_ssize_t, table=list)
    cpdef object capability(self)

cdef class AnyList(ListReader):
    cpdef check_index(self, Py_ssize_t index)
    cpdef Py_ssize_t offset(self, Py_ssize_t index, unsigned int width) except -1
    @cython.locals(found=AnyStruct, start=cython.Py_ssize_t)
    cpdef AnyStruct struct(self, Py_ssize_t index)
    @cython.locals(found=AnyPointer)
    cpdef AnyPointer pointer(self, Py_ssize_t index)
