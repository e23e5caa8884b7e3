# C types of list_kinds.py.
cimport cython
from cpython.object cimport PyObject
from caplet.runtime.kinds cimport BoolKind, Kind, PointerKind, VoidKind
from caplet.runtime.bit_lists cimport BoolList, VoidList
from caplet.runtime.lists cimport List, PointerList, ScalarList, StructList
from caplet.runtime.plans cimport StructKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader

cdef extern from "Python.h":
    ctypedef struct TypeObject "PyTypeObject"
    ctypedef object (*MakesNew "newfunc")(TypeObject *, object, PyObject *)
    ctypedef struct TypeObject "PyTypeObject":
        MakesNew tp_new

cdef bint COMPILED
cdef Segment EMPTY_SEGMENT
cdef int POINTER, COMPOSITE, VOID

cdef inline List new_list(object cls):
    return <List>(<TypeObject *>cls).tp_new(<TypeObject *>cls, (), NULL)

cdef class ListKind(PointerKind):
    cdef public object cls
    cdef public Kind element
    cpdef List new(self)
    @cython.locals(made=List)
    cpdef store_items(self, BuilderArena arena, Segment segment, Py_ssize_t position, object items, object where)
    @cython.locals(found=List)
    cpdef object export_at(self, Arena arena, Segment segment, Py_ssize_t position, int depth)
    @cython.locals(found=List, element=Kind, structs=StructKind)
    cpdef object load(self, Arena arena, Segment segment, Py_ssize_t position, int depth, bint writable)
    @cython.locals(made=List, element=Kind, structs=StructKind)
    cpdef object init(self, BuilderArena arena, Segment segment, Py_ssize_t position, Py_ssize_t length)
