# C types of copying.py.
cimport cython
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyList, AnyPointer, AnyStruct
from caplet.wire.views cimport ListReader, StructReader

cdef int VOID, POINTER, COMPOSITE

@cython.final
cdef class DeepCopy:
    cdef BuilderArena target
    cdef Segment segment
    cdef Py_ssize_t position
    cdef list waiting

    @cython.locals(segment=Segment, position=cython.Py_ssize_t, arena=Arena, source=Segment, source_position=cython.Py_ssize_t,
                   depth=cython.int)
    cpdef run(self)
    @cython.locals(pointer=cython.ulonglong, kind=cython.int, struct=AnyStruct, items=AnyList, index=cython.longlong)
    cpdef copy_one(self, Segment segment, Py_ssize_t position, Arena arena, Segment source, Py_ssize_t source_position, int depth)
    @cython.locals(made=StructReader, data_words=cython.longlong, data_bytes=cython.longlong)
    cpdef copy_struct(self, Segment segment, Py_ssize_t position, StructReader source)
    @cython.locals(made=ListReader, length=cython.longlong, size=cython.longlong, spare=cython.int, data_words=cython.longlong,
                   pointer_count=cython.longlong, step=cython.longlong, index=cython.longlong, start=cython.Py_ssize_t,
                   to=cython.Py_ssize_t)
    cpdef copy_list(self, Segment segment, Py_ssize_t position, ListReader source)
    @cython.locals(index=cython.Py_ssize_t)
    cpdef put_off(self, Segment segment, Py_ssize_t position, object source, Segment source_segment, Py_ssize_t source_position,
                  Py_ssize_t count)

cpdef copy_pointer(BuilderArena target, Segment segment, Py_ssize_t position, AnyPointer source)
cpdef copy_struct(BuilderArena target, Segment segment, Py_ssize_t position, StructReader source)
cpdef copy_list(BuilderArena target, Segment segment, Py_ssize_t position, ListReader source)
cpdef copy_within(BuilderArena target, Segment segment, Py_ssize_t position, object source)
