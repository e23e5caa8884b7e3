# C types of plans.py.
cimport cython
from cpython.object cimport PyObject
from caplet.runtime.fields cimport Field
from caplet.runtime.pointer_fields cimport PointerField
from caplet.runtime.kinds cimport PointerKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport StructBuilder, StructReader

cdef extern from "Python.h":
    ctypedef struct TypeObject "PyTypeObject":
        object (*tp_new)(object, object, PyObject *)
        PyObject *(*tp_getattro)(PyObject *, PyObject *)
    object PyObject_GenericGetAttr(object, object)

cdef extern from "Python.h":
    int Py_EnterRecursiveCall(const char *) except -1
    void Py_LeaveRecursiveCall()

cdef bint COMPILED

cdef inline int enter_call() except -1:
    return Py_EnterRecursiveCall(" while a struct is filled")

cdef inline void leave_call():
    Py_LeaveRecursiveCall()

cdef int COMPOSITE
cdef Segment EMPTY_SEGMENT

cdef inline StructReader new_struct(object cls):
    # What StructReader.__new__(cls) does, without looking for it.
    return <StructReader>(<TypeObject *>StructReader).tp_new(cls, (), NULL)

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
    cpdef take(self, StructReader made, object value, object where)
    @cython.locals(by_name=dict, field=Field)
    cpdef fill(self, StructReader made, dict values)
    @cython.locals(field=Field)
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
