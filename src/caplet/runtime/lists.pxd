# C types of lists.py.
cimport cython
from caplet.runtime.kinds cimport BoolKind, Kind, PointerKind, ScalarKind, StructKind, VoidKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader, StructReader

cdef int VOID, BIT, POINTER, COMPOSITE

cdef class List(ListReader):
    cdef public Kind kind
    cdef public bint writable
    cdef public Segment _holder
    cdef public Py_ssize_t _position
    cpdef set_kind(self, Kind kind, bint writable, Segment holder, Py_ssize_t position)
    cpdef object item(self, Py_ssize_t index)
    cpdef put(self, Py_ssize_t index, object value)
    cpdef check_writable(self)
    cpdef grow(self, Py_ssize_t length)

@cython.final
cdef class ListIterator:
    cdef List items
    cdef Py_ssize_t at

cdef class VoidList(List):
    pass

cdef class BoolList(List):
    @cython.locals(at=cython.Py_ssize_t, mask=cython.int, old=cython.int)
    cpdef put(self, Py_ssize_t index, object value)

cdef class ScalarList(List):
    cdef ScalarKind scalar
    @cython.locals(at=cython.Py_ssize_t)
    cpdef put(self, Py_ssize_t index, object value)

cdef class StructList(List):
    cdef public StructKind structs
    cdef object cls
    @cython.locals(found=StructReader, start=cython.Py_ssize_t)
    cpdef object item(self, Py_ssize_t index)
    @cython.locals(arena=BuilderArena, segment=Segment, start=cython.Py_ssize_t, count=cython.Py_ssize_t, step=cython.Py_ssize_t,
                   data_bytes=cython.Py_ssize_t, pointer_count=cython.Py_ssize_t, holder=Segment, position=cython.Py_ssize_t,
                   at=cython.Py_ssize_t, new=cython.Py_ssize_t, old=cython.Py_ssize_t)
    cpdef grow(self, Py_ssize_t length)

cdef class PointerList(List):
    cdef PointerKind pointers
    @cython.locals(at=cython.Py_ssize_t)
    cpdef object item(self, Py_ssize_t index)
    @cython.locals(arena=BuilderArena, at=cython.Py_ssize_t)
    cpdef put(self, Py_ssize_t index, object value)
    @cython.locals(arena=BuilderArena, segment=Segment, start=cython.Py_ssize_t, count=cython.Py_ssize_t, at=cython.Py_ssize_t)
    cpdef grow(self, Py_ssize_t length)

cdef class ListKind(PointerKind):
    cdef public object cls
    cdef public Kind element
    @cython.locals(found=List, element=Kind)
    cpdef object load(self, Arena arena, Segment segment, Py_ssize_t position, int depth, bint writable)
    @cython.locals(made=List, element=Kind)
    cpdef object init(self, BuilderArena arena, Segment segment, Py_ssize_t position, Py_ssize_t length)
