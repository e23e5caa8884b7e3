# C types of plans.py.
cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from caplet.runtime.fields cimport Field
from caplet.runtime.pointer_fields cimport PointerField
from caplet.runtime.kinds cimport PointerKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyPointer
from caplet.wire.untyped_builder cimport AnyPointerBuilder
from caplet.wire.views cimport StructBuilder, StructReader

cdef extern from "Python.h":
    ctypedef struct TypeObject "PyTypeObject"
    ctypedef object (*MakesNew "newfunc")(TypeObject *, object, PyObject *)
    ctypedef struct TypeObject "PyTypeObject":
        Py_ssize_t tp_basicsize
        MakesNew tp_new
        void (*tp_dealloc)(PyObject *) noexcept
    TypeObject *type_of "Py_TYPE"(PyObject *)
    PyObject *renew "PyObject_Init"(PyObject *, TypeObject *)
    void set_references "Py_SET_REFCNT"(PyObject *, Py_ssize_t)
    void PyObject_GC_Track(PyObject *)
    void PyObject_GC_UnTrack(PyObject *)
    int Py_EnterRecursiveCall(const char *)
    void Py_LeaveRecursiveCall()
    void PyErr_Clear()

cdef bint COMPILED

# How much one call counts.
cdef int CALL_WEIGHT

cdef inline int weigh_calls():
    # Python 3.12 and 3.13 let C code call itself up to ten thousand times, whatever a call takes of the stack: so that a thousand of ours are as
    # many, each counts more than once. Older versions stop behind a thousand, and newer ones look at the stack and do not stop here.
    cdef int entered = 0
    cdef int left
    while entered < 20_000:
        if Py_EnterRecursiveCall(""):
            PyErr_Clear()
            break
        entered += 1
    for left in range(entered):
        Py_LeaveRecursiveCall()
    return 1 if entered < 2_000 or entered == 20_000 else (entered + 999) // 1_000

cdef inline int enter_call() except -1:
    cdef int entered = 0
    while entered < CALL_WEIGHT:
        # What it returns beside zero differs between versions of Python.
        if Py_EnterRecursiveCall(" while a struct is filled"):
            while entered:
                entered -= 1
                Py_LeaveRecursiveCall()
            return -1
        entered += 1
    return 0

cdef inline void leave_call():
    cdef int entered
    for entered in range(CALL_WEIGHT):
        Py_LeaveRecursiveCall()

cdef int COMPOSITE
cdef Segment EMPTY_SEGMENT

# Structs that are not in use, ready for the next reader or builder: all generated classes lie alike.
cdef struct Pool:
    int count
    PyObject *idle[64]

cdef Pool POOL

cdef inline StructReader new_struct(object cls):
    # What StructReader.__new__(cls) does, without looking for it.
    cdef PyObject *again
    cdef StructReader made
    if POOL.count == 0:
        return <StructReader>(<TypeObject *>StructReader).tp_new(<TypeObject *>cls, (), NULL)
    POOL.count -= 1
    again = renew(POOL.idle[POOL.count], <TypeObject *>cls)
    PyObject_GC_Track(again)
    made = <StructReader>again
    Py_DECREF(made)
    return made

cdef inline void drop_struct(PyObject *obj) noexcept:
    # In place of what Python does with instances of classes made at run time, most of which concerns what ours have not.
    cdef TypeObject *cls = type_of(obj)
    cdef StructReader left
    if POOL.count < 64 and cls.tp_dealloc is drop_struct:
        PyObject_GC_UnTrack(obj)
        set_references(obj, 1)
        left = <StructReader>obj
        left._data_bytes = 0
        left._pointer_count = 0
        left._arena = None
        left._segment = None
        left = None
        if POOL.count < 64:  # still: other structs may have gone with the message
            POOL.idle[POOL.count] = obj
            POOL.count += 1
            Py_DECREF(<object>cls)
            return
    (<TypeObject *>StructReader).tp_dealloc(obj)
    Py_DECREF(<object>cls)

cdef inline int pool_instances(object cls) except -1:
    if (<TypeObject *>cls).tp_basicsize != (<TypeObject *>StructReader).tp_basicsize:
        raise TypeError(f"{cls} holds more than the place of a struct")
    (<TypeObject *>cls).tp_dealloc = drop_struct
    return 0

cdef class StructKind(PointerKind):
    cdef public object struct
    cdef public object builder
    cdef public unsigned long long type_id
    cdef public long long data_words
    cdef public long long pointer_count
    cdef public tuple fields
    cdef public dict by_name
    cdef public int tag_index
    cdef public long long weight
    cdef public object origin_of
    cdef public object registry
    cdef public object json

    cpdef StructReader new(self, bint writable)
    @cython.locals(made=StructReader)
    cpdef StructReader nowhere(self)
    @cython.locals(made=StructReader)
    cpdef StructReader view(self, StructReader obj, bint writable)
    @cython.locals(made=StructReader)
    cpdef object load(self, Arena arena, Segment segment, Py_ssize_t position, int depth, bint writable)
    @cython.locals(made=StructReader)
    cpdef StructReader open_or_init(self, BuilderArena arena, Segment segment, Py_ssize_t position)
    @cython.locals(made=StructReader)
    cpdef StructReader init(self, BuilderArena arena, Segment segment, Py_ssize_t position)
    @cython.locals(made=StructReader, segment=Segment)
    cpdef StructReader open_at(self, AnyPointer pointer)
    cpdef StructReader init_at(self, AnyPointerBuilder pointer)
    cpdef take(self, StructReader made, object value, object where)
    @cython.locals(by_name=dict, field=Field)
    cpdef fill(self, StructReader made, dict values)
    @cython.locals(fields=tuple, field=Field, index=cython.Py_ssize_t)
    cpdef fill_in_order(self, StructReader made, object values, object named)
    @cython.locals(field=Field, reader=StructReader, tag=cython.int)
    cpdef copy_fields(self, StructReader made, StructReader source)
    @cython.locals(field=Field, tag=cython.int)
    cpdef reset(self, StructReader obj)
    @cython.locals(index=cython.int)
    cpdef int tag(self, StructReader obj) except -2
    @cython.locals(made=StructReader)
    cpdef object export_at(self, Arena arena, Segment segment, Py_ssize_t position, int depth)
    @cython.locals(field=Field, tag=cython.int, made=dict)
    cpdef dict export_struct(self, StructReader obj)
    @cython.locals(field=Field, tag=cython.int)
    cpdef bint same(self, StructReader one, StructReader two) except -1

cdef class StructField(PointerField):
    cdef public StructKind plan
    @cython.locals(found=StructReader)
    cpdef object read(self, StructReader obj)

cdef class GroupField(Field):
    cdef public StructKind plan
