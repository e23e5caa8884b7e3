# C types of turns.py.

cdef int DEEPEST

cdef class Deferred:
    cdef public object function

cdef class Turns:
    cdef object __weakref__
    cdef bint _awake
    cdef public int depth
    cdef public object drops
    cdef public object host
    cdef public object later
    cdef public object queue
    cdef public bint running

    cpdef wake(self)
    cpdef expect(self)
    cpdef deliver(self, delivery)
    cpdef Use use_of(self, thing)
    cpdef drop(self, thing)
    cpdef settle_drops(self)
    cpdef bint descend(self) except -1
    cpdef ascend(self)
    cpdef run(self)

cdef class Use:
    cdef public Turns turns
    cdef public object thing
