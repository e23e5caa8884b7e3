# C types of orphans.py.
cimport cython
from caplet.wire.builder cimport BuilderArena
from caplet.wire.copying cimport DeepCopy
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader, StructReader

cdef long long BIT, BYTE, COMPOSITE, POINTER

@cython.final
cdef class Detached:
    cdef readonly BuilderArena arena
    cdef readonly Py_ssize_t content
    cdef readonly Segment segment
    cdef unsigned long long far
    cdef unsigned long long tag

    @cython.locals(pointer=cython.ulonglong, target=Segment, content=cython.longlong)
    cpdef disown(self, Segment segment, Py_ssize_t position)
    @cython.locals(target=Segment)
    cpdef adopt_into(self, Segment segment, Py_ssize_t position)
    @cython.locals(segment=Segment)
    cpdef discard(self)
    @cython.locals(pads=Segment)
    cpdef forget_pads(self)
    cpdef place(self, long long words, unsigned long long tag)
    cpdef new_struct(self, unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(step=cython.longlong)
    cpdef new_list(self, unsigned long long size, long long length)
    @cython.locals(words=cython.longlong, target=Segment)
    cpdef new_struct_list(self, long long length, unsigned long long data_words, unsigned long long pointer_count)
    cpdef new_capability(self, object capability)
    @cython.locals(segment=Segment)
    cpdef refer(self, object content)
    @cython.locals(made=StructReader, start=cython.Py_ssize_t, copy=DeepCopy)
    cpdef copy_struct(self, StructReader source, unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(segment=Segment)
    cpdef open_struct(self, StructReader builder)
    @cython.locals(segment=Segment, size=cython.int, data_bits=cython.longlong, step=cython.longlong, pointer_count=cython.ulonglong,
                   content=cython.longlong, described=cython.ulonglong)
    cpdef open_list(self, ListReader builder)
    @cython.locals(segment=Segment)
    cpdef bytes_view(self)
    @cython.locals(segment=Segment, old=ListReader, tags=cython.longlong, old_words=cython.longlong, words=cython.longlong, at_end=cython.bint)
    cpdef resize(self, long long length)
    @cython.locals(count=cython.ulonglong, target=Segment, described=cython.ulonglong, pads=Segment, at=cython.longlong)
    cpdef tell_length(self, unsigned long long length, unsigned long long step_bits)
    @cython.locals(segment=Segment, step=cython.longlong, index=cython.longlong, at=cython.longlong, pointer=cython.longlong,
                   first=cython.longlong, last=cython.longlong, spare=cython.int)
    cpdef cut(self, ListReader old, long long length)
    @cython.locals(segment=Segment, target=Segment, content=cython.longlong, start=cython.longlong, size=cython.longlong,
                   step=cython.longlong, index=cython.longlong, to=cython.longlong, at=cython.longlong)
    cpdef move(self, ListReader old, long long words, long long tags)
    @cython.locals(structs=cython.bint)
    cpdef copy_list(self, ListReader source)
    @cython.locals(items=ListReader, made=ListReader, length=cython.longlong, copy=DeepCopy, at=cython.longlong)
    cpdef join(self, object lists, unsigned long long size, unsigned long long data_words, unsigned long long pointer_count)
    @cython.locals(index=cython.longlong, bit=cython.int, at=cython.longlong)
    cpdef join_bits(self, ListReader made, long long first, ListReader items)
    @cython.locals(size=cython.longlong, pointers=cython.longlong, step=cython.longlong, start=cython.longlong, length=cython.longlong,
                   index=cython.longlong, to=cython.longlong, at=cython.longlong)
    cpdef join_elements(self, ListReader made, long long first, ListReader items, DeepCopy copy)
    @cython.locals(segment=Segment, target=Segment)
    cpdef Segment scratch(self)
