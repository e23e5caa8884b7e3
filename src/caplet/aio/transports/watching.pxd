# C types of watching.py.
cimport cython

cdef class Watched:
    cdef public object callback
    cdef public object context
    cdef public Py_ssize_t times_alone

cdef class Watch:
    cdef object __weakref__
    cdef public object loop
    cdef object _epoll
    cdef dict _watched

    cpdef watch(self, Py_ssize_t number, callback)
    cpdef forget(self, Py_ssize_t number)
    @cython.locals(alone=bint, events=list, found=Watched, watched=dict)
    cpdef _on_events(self)
    cpdef _note_alone(self, Py_ssize_t number, Watched found)
    cpdef _tell(self, Watched found)

@cython.locals(found=Watch)
cpdef watch(loop, Py_ssize_t number, callback)
@cython.locals(found=Watch)
cpdef forget(loop, Py_ssize_t number)
@cython.locals(found=Watch)
cpdef Watch watch_of(loop)
cpdef Watch new_watch(loop)
