# C types of server_methods.py, and the step of a coroutine without an exception at its end.
cimport cython
from cpython.object cimport PyObject
from cpython.ref cimport Py_DECREF
from caplet.cap.call cimport IncomingCall
from caplet.runtime.fields cimport Field
from caplet.runtime.plans cimport StructKind
from caplet.wire.untyped cimport AnyPointer
from caplet.wire.views cimport StructReader

cdef extern from "Python.h":
    int PyIter_Send(PyObject *, PyObject *, PyObject **) except -1
    int PYGEN_RETURN

cdef bint COMPILED
cdef int STARTED, CANCELLABLE, ONE_AT_A_TIME
cdef object NOTHING
cdef dict NO_NAMES

cdef inline object advanced(object coroutine, RunningCall running):
    # What RunningCall.advance() does when nothing is thrown.
    cdef PyObject *came = NULL
    if PyIter_Send(<PyObject *>coroutine, <PyObject *>None, &came) == PYGEN_RETURN:
        running.ended = True
    given = <object>came
    Py_DECREF(given)
    return given

cdef class ServerMethod:
    cdef public int flags
    cdef public object function
    cdef public Py_ssize_t in_order
    cdef public unsigned long long interface_id
    cdef public bint is_coroutine
    cdef public list members
    cdef public unsigned int method_id
    cdef public list names
    cdef public StructKind params
    cdef public object plan
    cdef public tuple readers
    cdef public StructKind results
    cdef public object single
    cdef public bint wants_context
    cdef public bint wants_context_alone

    @cython.locals(content=AnyPointer, params=StructReader, positional=list, named=dict)
    cpdef start(self, object server, IncomingCall call)
    @cython.locals(readers=tuple, field=Field, index=cython.Py_ssize_t)
    cpdef read_params(self, StructReader params, list positional, dict named)
    cpdef start_function(self, IncomingCall call, object context, object function)
    @cython.locals(call=IncomingCall)
    cpdef run(self, RunningCall running)
    cpdef finish(self, IncomingCall call, object context, object outcome)
    cpdef take(self, IncomingCall call, object context, object outcome)
    cpdef StructReader begun_results(self, IncomingCall call, object context)
    cpdef fail(self, IncomingCall call, object error)
    cpdef stop(self, IncomingCall call, object error, RunningCall running)

cdef class RunningCall:
    cdef object __weakref__
    cdef tuple _arguments
    cdef object _context
    cdef object _coroutine
    cdef object _function
    cdef object _held
    cdef ServerMethod _method
    cdef dict _named
    cdef public bint begun
    cdef public IncomingCall call
    cdef public bint cancel_wanted
    cdef public bint ended
    cdef public object task

    @cython.locals(method=ServerMethod, call=IncomingCall)
    cpdef object go_on(self, object thrown)
    cpdef make_coroutine(self)
    cpdef advance(self, object coroutine, object thrown)
    cpdef end(self)
    cpdef hold(self, object waits_for)
