# C types of lists.py.
cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from caplet.runtime.kinds cimport EnumKind, Kind, PointerKind, ScalarKind
from caplet.runtime.plans cimport StructKind
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader, StructReader

cdef extern from "Python.h":
    ctypedef struct BufferProcs "PyBufferProcs":
        int (*bf_getbuffer)(object, Py_buffer *, int) except -1
    ctypedef struct TypeObject "PyTypeObject"
    ctypedef object (*MakesNew "newfunc")(TypeObject *, object, PyObject *)
    ctypedef struct TypeObject "PyTypeObject":
        BufferProcs *tp_as_buffer
        MakesNew tp_new
        void (*tp_dealloc)(PyObject *) noexcept
    int PyObject_GetBuffer(object, Py_buffer *, int) except -1
    TypeObject *type_of "Py_TYPE"(PyObject *)
    PyObject *renew "PyObject_Init"(PyObject *, TypeObject *)
    void set_references "Py_SET_REFCNT"(PyObject *, Py_ssize_t)
    void PyObject_GC_Track(PyObject *)
    void PyObject_GC_UnTrack(PyObject *)

cdef bint COMPILED
cdef int POINTER, COMPOSITE
cdef unsigned long long HIGH_HALF
cdef BufferProcs LIST_BUFFER

cdef inline int export_list(object items, Py_buffer *buffer, int flags) except -1:
    # The memoryview is who exports, and keeps the memory.
    return PyObject_GetBuffer(items.__buffer__(flags), buffer, flags)

cdef inline set_buffer(object cls):
    # What Python itself puts there for classes with __buffer__, from 3.12 on and not for compiled ones.
    LIST_BUFFER.bf_getbuffer = export_list
    (<TypeObject *>cls).tp_as_buffer = &LIST_BUFFER

# Lists of structs that are not in use, ready for the next one.
cdef struct Pool:
    int count
    PyObject *idle[32]
    MakesNew tp_new
    void (*tp_dealloc)(PyObject *) noexcept

cdef Pool POOL

cdef inline object take_list(TypeObject *cls, object args, PyObject *named):
    # StructList.__new__
    cdef PyObject *again
    if POOL.count == 0 or cls is not <TypeObject *>StructList:
        return POOL.tp_new(cls, args, named)
    POOL.count -= 1
    again = renew(POOL.idle[POOL.count], cls)
    PyObject_GC_Track(again)
    made = <object>again
    Py_DECREF(made)
    return made

cdef inline void drop_list(PyObject *obj) noexcept:
    cdef StructList left
    if POOL.count < 32 and type_of(obj) is <TypeObject *>StructList:
        PyObject_GC_UnTrack(obj)
        set_references(obj, 1)
        left = <StructList>obj
        left._length = 0
        left._capacity = 0
        left._arena = None
        left._segment = None
        left._holder = None
        left.kind = None
        left.title = None
        left = None
        if POOL.count < 32:  # still: other lists may have gone with the message
            POOL.idle[POOL.count] = obj
            POOL.count += 1
            return
    POOL.tp_dealloc(obj)

cdef inline set_pool():
    cdef TypeObject *cls = <TypeObject *>StructList
    POOL.tp_new = cls.tp_new
    POOL.tp_dealloc = cls.tp_dealloc
    cls.tp_new = take_list
    cls.tp_dealloc = drop_list

# `match` takes them for sequences.
@cython.collection_type("sequence")
cdef class List(ListReader):
    cdef public Kind kind
    cdef public str title
    cdef public bint writable
    cdef public Py_ssize_t _capacity
    cdef public Segment _holder
    cdef public Py_ssize_t _position
    cpdef set_kind(self, Kind kind, bint writable, Segment holder, Py_ssize_t position)
    cpdef object item(self, Py_ssize_t index)
    cpdef put(self, Py_ssize_t index, object value)
    cpdef check_writable(self)
    @cython.locals(at=cython.Py_ssize_t)
    cpdef Py_ssize_t place(self, object index) except -1
    @cython.locals(segment=Segment, end=cython.Py_ssize_t, wanted=cython.Py_ssize_t, room=cython.Py_ssize_t)
    cpdef grow(self, Py_ssize_t length)
    @cython.locals(segment=Segment, position=cython.Py_ssize_t, pointer=cython.ulonglong, count=cython.ulonglong, tag=cython.Py_ssize_t)
    cpdef tell_length(self, Py_ssize_t length)
    cpdef move(self, Py_ssize_t capacity)
    @cython.locals(at=cython.Py_ssize_t)
    cpdef fill(self, object values, object where)
    cpdef list export(self)

@cython.final
cdef class ListIterator:
    cdef List items
    cdef Py_ssize_t at

cdef class ScalarList(List):
    cdef ScalarKind scalar
    @cython.locals(at=cython.Py_ssize_t)
    cpdef put(self, Py_ssize_t index, object value)

cdef class StructList(List):
    @cython.locals(found=StructReader, structs=StructKind)
    cpdef object item(self, Py_ssize_t index)
    @cython.locals(start=cython.Py_ssize_t)
    cpdef lay(self, StructReader found, Py_ssize_t index)
    @cython.locals(place=StructReader, structs=StructKind)
    cpdef put(self, Py_ssize_t index, object value)
    @cython.locals(place=StructReader, at=cython.Py_ssize_t, structs=StructKind)
    cpdef fill(self, object values, object where)
    @cython.locals(place=StructReader, at=cython.Py_ssize_t, made=list, structs=StructKind)
    cpdef list export(self)
    @cython.locals(arena=BuilderArena, segment=Segment, start=cython.Py_ssize_t, count=cython.Py_ssize_t, step=cython.Py_ssize_t,
                   data_bytes=cython.Py_ssize_t, pointer_count=cython.Py_ssize_t, holder=Segment, position=cython.Py_ssize_t,
                   at=cython.Py_ssize_t, new=cython.Py_ssize_t, old=cython.Py_ssize_t)
    cpdef move(self, Py_ssize_t capacity)

cdef class PointerList(List):
    cdef PointerKind pointers
    cpdef object item(self, Py_ssize_t index)
    cpdef Py_ssize_t pointer_at(self, Py_ssize_t index)
    @cython.locals(arena=BuilderArena, at=cython.Py_ssize_t)
    cpdef put(self, Py_ssize_t index, object value)
    @cython.locals(arena=BuilderArena, segment=Segment, start=cython.Py_ssize_t, count=cython.Py_ssize_t, at=cython.Py_ssize_t)
    cpdef move(self, Py_ssize_t capacity)
