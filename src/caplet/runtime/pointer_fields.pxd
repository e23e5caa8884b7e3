# C types of pointer_fields.py.
cimport cython
from caplet.runtime.fields cimport Field
from caplet.runtime.kinds cimport PointerKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport StructBuilder, StructReader

cdef class PointerField(Field):
    cdef public PointerKind kind
    cdef public unsigned int index
    cdef public object default_bytes
    cdef public Arena default_arena
    cpdef object read_default(self, StructReader obj)
    cpdef Arena default_message(self)
    @cython.locals(position=cython.Py_ssize_t)
    cpdef object touch(self, StructReader obj)
    @cython.locals(arena=BuilderArena, position=cython.Py_ssize_t)
    cpdef write(self, StructReader obj, object value)
    @cython.locals(arena=BuilderArena)
    cpdef clear(self, StructReader obj)
    @cython.locals(arena=Arena)
    cpdef object export(self, StructReader obj)
    cpdef Py_ssize_t position(self, StructReader obj) except -1

cdef class TextField(PointerField):
    pass
