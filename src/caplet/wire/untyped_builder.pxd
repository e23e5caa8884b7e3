# C types of untyped_builder.py.
cimport cython
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyList, AnyPointer, AnyStruct
from caplet.wire.views cimport ListBuilder, StructBuilder

cdef int POINTER, COMPOSITE

cdef class AnyStructBuilder(StructBuilder):
    cpdef Py_ssize_t offset(self, Py_ssize_t offset, Py_ssize_t width) except -1
    cpdef Py_ssize_t position(self, Py_ssize_t index) except -1
    cpdef set_u8(self, Py_ssize_t offset, unsigned char value, unsigned char default=*)
    cpdef set_u16(self, Py_ssize_t offset, unsigned short value, unsigned short default=*)
    cpdef set_u32(self, Py_ssize_t offset, unsigned int value, unsigned int default=*)
    cpdef set_u64(self, Py_ssize_t offset, unsigned long long value, unsigned long long default=*)
    cpdef set_f32(self, Py_ssize_t offset, float value)
    cpdef set_f64(self, Py_ssize_t offset, double value)
    @cython.locals(at=cython.Py_ssize_t, mask=cython.int, old=cython.int)
    cpdef set_boolean(self, Py_ssize_t bit, bint value, bint default=*)
    cpdef AnyPointerBuilder pointer(self, Py_ssize_t index)
    @cython.locals(arena=BuilderArena, made=AnyStructBuilder)
    cpdef AnyStructBuilder init_struct(self, Py_ssize_t index, unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(arena=BuilderArena, made=AnyListBuilder)
    cpdef AnyListBuilder init_struct_list(self, Py_ssize_t index, long long length, unsigned long long data_words,
                                          unsigned long long pointer_count)
    cpdef set_text(self, Py_ssize_t index, str text)
    cpdef set_blob(self, Py_ssize_t index, content)
    cpdef bint has(self, Py_ssize_t index)
    cpdef clear(self, Py_ssize_t index)
    @cython.locals(found=AnyStruct)
    cpdef AnyStruct as_reader(self)

cdef class AnyPointerBuilder:
    cdef public BuilderArena _arena
    cdef public Segment _segment
    cdef public Py_ssize_t _position

    cpdef open(self, BuilderArena arena, Segment segment, Py_ssize_t position)
    cpdef clear(self)
    @cython.locals(made=AnyStructBuilder)
    cpdef AnyStructBuilder init_struct(self, unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(made=AnyStructBuilder)
    cpdef AnyStructBuilder struct(self, unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(made=AnyListBuilder)
    cpdef AnyListBuilder init_list(self, int element_size, long long length)
    @cython.locals(made=AnyListBuilder)
    cpdef AnyListBuilder init_struct_list(self, long long length, unsigned long long data_words, unsigned long long pointer_count)
    cpdef set_text(self, str text)
    @cython.locals(start=cython.Py_ssize_t)
    cpdef set_blob(self, content)
    cpdef set_capability(self, capability)
    cpdef object capability(self)
    @cython.locals(found=AnyPointer)
    cpdef AnyPointer as_reader(self)

cdef class AnyListBuilder(ListBuilder):
    cpdef Py_ssize_t offset(self, Py_ssize_t index, Py_ssize_t width) except -1
    @cython.locals(arena=BuilderArena, made=AnyStructBuilder, start=cython.Py_ssize_t)
    cpdef AnyStructBuilder struct(self, Py_ssize_t index)
    @cython.locals(start=cython.Py_ssize_t)
    cpdef AnyPointerBuilder pointer(self, Py_ssize_t index)
    @cython.locals(found=AnyList)
    cpdef AnyList as_reader(self)
