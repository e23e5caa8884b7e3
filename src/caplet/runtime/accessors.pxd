# C types of accessors.py.
cimport cython
from caplet.runtime.fields cimport Field
from caplet.runtime.pointer_fields cimport PointerField
from caplet.runtime.list_kinds cimport ListKind
from caplet.wire.views cimport StructReader

@cython.final
cdef class HasField:
    cdef public Field field

@cython.final
cdef class InitField:
    cdef public Field field
    @cython.locals(made=Initializer)
    cpdef object initializer(self, StructReader obj)

@cython.final
cdef class Initializer:
    cdef StructReader _owner
    cdef Field _field
    @cython.locals(field=Field, owner=StructReader, pointer=PointerField, kind=ListKind)
    cpdef object make(self, object length)
