# C types of message.py.
cimport cython
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyPointer
from caplet.wire.untyped_builder cimport AnyPointerBuilder

cdef class MessageReader(Arena):
    @cython.locals(segment=Segment, first=Segment, made=list)
    cpdef open(self, object segments, object limits)

cdef class MessageBuilder(BuilderArena):
    @cython.locals(segment=Segment)
    cpdef list output(self)
    @cython.locals(segment=Segment, words=cython.longlong)
    cpdef long long count_words(self)
