# C types of method_tasks.py.
from caplet.runtime.server_methods cimport RunningCall

cdef bint FIRST_STEP_BY_HAND
cdef Py_ssize_t HELD_BY_ONE
cdef object ENDED, getrefcount, getweakrefcount
cdef dict current_tasks

cdef class TaskStarter:
    cdef object _loop
    cdef object _spare
    cdef tuple _starting
    cdef object _step

    cpdef start(self, method, variables)
    cpdef _start_by_hand(self, RunningCall method, variables)
