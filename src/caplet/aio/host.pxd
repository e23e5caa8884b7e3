# C types of host.py.
cimport cython
from caplet.aio.method_tasks cimport TaskStarter

cdef int WAITING, SET, CANCELLED
cdef object current_task, get_ident

cdef class LoopWaiter:
    cdef object __weakref__
    cdef public bint _asyncio_future_blocking
    cdef object _context
    cdef object _message
    cdef int _state
    cdef object _step
    cdef LoopHost host

    cpdef set(self, outcome=*)
    cpdef step(self)
    cpdef result(self)

cdef class LoopHost:
    cdef object __weakref__
    cdef public bint digesting
    cdef public bint ended
    cdef public object handed_over
    cdef public object loop
    cdef public bint wake_behind
    cdef public list woken
    cdef object _flush
    cdef object _flush_fresh
    cdef set _methods
    cdef object _ready
    cdef TaskStarter _starter
    cdef bint _stepping
    cdef bint _taking_is_due
    cdef object _thread
    cdef object _turn
    cdef object _turn_handle
    cdef readonly bint _turn_is_due
    cdef readonly object _turn_task
    cdef object _workers

    cpdef bint runs_here(self) except -1
    cpdef bint enter(self) except -1
    cpdef wake(self)
    cpdef make_waiter(self)
    cpdef bint _others_come_first(self) except -1
    cpdef let_go_on(self, LoopWaiter waiter)
    @cython.locals(done=cython.Py_ssize_t, woken=list, waiter=LoopWaiter)
    cpdef step_woken(self)
    @cython.locals(waiter=LoopWaiter)
    cpdef _leave_to_loop(self, list woken)
    cpdef _withdraw_turn(self)
    cpdef start_method(self, method, context=*)
