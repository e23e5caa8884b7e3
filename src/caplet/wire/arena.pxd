# C types of arena.py.
cimport cython
from caplet.wire.segment cimport Segment
from caplet.wire.views cimport ListReader, StructReader

cdef int VOID, BIT, BYTE, POINTER, COMPOSITE
cdef unsigned long long LOW_HALF
cdef object DEFAULT_LIMITS
cdef long long _DEFAULT_BUDGET
cdef int _DEFAULT_NESTING

cdef class Arena:
    cdef public list segments
    cdef public list capabilities
    cdef public long long budget
    cdef public int nesting

    cpdef start_reading(self, list segments, object limits)
    cpdef charge(self, long long words)
    cpdef fail(self, Segment segment, Py_ssize_t position, str problem)
    cpdef kind_error(self, Segment segment, Py_ssize_t position, unsigned long long pointer, str expected)
    cpdef Segment segment_at(self, Segment segment, Py_ssize_t position, unsigned long long segment_id)
    @cython.locals(pointer=cython.ulonglong, landing=cython.ulonglong, tag=cython.ulonglong, pad=cython.Py_ssize_t,
                   pad_words=cython.Py_ssize_t, pad_segment=Segment)
    cpdef tuple follow_far(self, Segment segment, Py_ssize_t position)
    @cython.locals(offset=cython.longlong)
    cpdef long long offset_of(self, unsigned long long pointer)
    @cython.locals(pointer=cython.ulonglong, content=cython.longlong, offset=cython.longlong, data_words=cython.longlong,
                   pointer_count=cython.longlong, words=cython.longlong, source=Segment)
    cpdef bint open_struct(self, StructReader reader, Segment segment, Py_ssize_t position, int depth) except -1
    @cython.locals(pointer=cython.ulonglong, content=cython.longlong, offset=cython.longlong, size=cython.int, count=cython.longlong,
                   data_bits=cython.longlong, step=cython.longlong, words=cython.longlong, source=Segment)
    cpdef bint open_list(self, ListReader reader, Segment segment, Py_ssize_t position, int depth, int expected) except -1
    @cython.locals(tag=cython.ulonglong, length=cython.longlong, data_words=cython.longlong, pointer_count=cython.longlong,
                   step=cython.longlong)
    cpdef open_composite(self, ListReader reader, Segment segment, long long tag_position, long long word_count, Segment source,
                         Py_ssize_t position)
    cpdef long long step_bits(self, int size)
    cpdef check_elements(self, ListReader reader, int expected, Segment source, Py_ssize_t position)
    @cython.locals(pointer=cython.ulonglong, content=cython.longlong, length=cython.longlong, words=cython.longlong, source=Segment)
    cpdef tuple open_bytes(self, Segment segment, Py_ssize_t position)
    @cython.locals(pointer=cython.ulonglong, length=cython.longlong, start=cython.longlong, source=Segment)
    cpdef str text(self, Segment segment, Py_ssize_t position)
    @cython.locals(target=Segment, start=cython.longlong, length=cython.longlong)
    cpdef bytes blob(self, Segment segment, Py_ssize_t position)
    @cython.locals(pointer=cython.ulonglong, source=Segment)
    cpdef long long capability_index(self, Segment segment, Py_ssize_t position) except -2
