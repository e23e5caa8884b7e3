# C types of forms.py.
cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.string cimport memcpy
from caplet.runtime.plans cimport StructKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.message cimport MessageBuilder, MessageReader
from caplet.wire.segment cimport Segment, see_framed
from caplet.wire.views cimport StructReader

cdef bint COMPILED

cdef inline bytes frame_single(Segment segment):
    cdef bytes made = PyBytes_FromStringAndSize(NULL, (segment.used + 1) << 3)
    cdef unsigned int *table = <unsigned int *>PyBytes_AS_STRING(made)
    table[0] = 0
    table[1] = <unsigned int>segment.used
    memcpy(table + 2, segment.u8s, segment.used << 3)
    return made

@cython.locals(message=MessageBuilder)
cpdef new_root(StructKind plan, StructReader made)
@cython.locals(words=cython.longlong, size=cython.Py_ssize_t, message=MessageReader, segment=Segment)
cpdef StructReader open_framed(StructKind plan, object data, object limits)
@cython.locals(found=StructReader, segment=Segment)
cpdef StructReader open_root(StructKind plan, Arena message)
@cython.locals(first=Segment, message=MessageBuilder, data_words=cython.ulonglong, pointer_count=cython.ulonglong)
cpdef BuilderArena own_message(StructReader obj)
@cython.locals(message=BuilderArena, segments=list, segment=Segment)
cpdef bytes frame_struct(StructReader obj)
