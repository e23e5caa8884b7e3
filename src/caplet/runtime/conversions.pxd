# C types of conversions.py.
cimport cython
from caplet.runtime.plans cimport StructKind
from caplet.wire.arena cimport Arena
from caplet.wire.builder cimport BuilderArena
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyPointer, AnyStruct
from caplet.wire.views cimport StructReader

cdef int _WORDS_FOR_EACH, _SPARE_WORDS, _SPARE_BITS, _DEEPEST

cdef class Conversion(Arena):
    cdef public Arena message
    cdef public long long granted_words
    cdef public long long message_words

    @cython.locals(words=cython.longlong, granted=cython.longlong, segment=Segment)
    cpdef begin(self, Arena message)
    cpdef end(self)

@cython.locals(conversion=Conversion)
cpdef Conversion conversion_of(Arena message)
@cython.locals(reading=StructReader)
cpdef StructReader bounded(StructKind plan, StructReader obj)
@cython.locals(reading=StructReader, conversion=Conversion)
cpdef dict export_whole(StructKind plan, StructReader obj)
@cython.locals(conversion=Conversion)
cpdef str converted(place, convert)
