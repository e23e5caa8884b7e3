# C types of driver.py.
cimport cython
from caplet.aio.host cimport LoopHost
from caplet.cap.turns cimport Turns
from caplet.rpc.connection cimport Connection
from caplet.rpc.encode cimport OutgoingMessage
from caplet.vat.vat cimport Vat

cdef class Link:
    cdef object __weakref__
    cdef public Connection connection
    cdef public object drained
    cdef public bint has_ended
    cdef public object on_first_word
    cdef public double opened_s
    cdef public LoopVat owner
    cdef public object transport
    cdef dict _fds
    cdef Py_ssize_t _held_fds
    cdef object _interceptor
    cdef object _keeper
    cdef object _limits
    cdef object _lost
    cdef bint _reading
    cdef bint _round_is_due
    cdef long long _unsent_limit_bytes
    cdef object _waiting

    cpdef receive_messages(self, messages, fds=*)
    cpdef choose_reading(self)
    @cython.locals(output=list, message=OutgoingMessage, messages=list)
    cpdef send_output(self)
    cpdef write(self)
    @cython.locals(connection=Connection)
    cpdef _digest(self, messages)

cdef class LoopVat:
    cdef object __weakref__
    cdef public list fresh
    cdef public LoopHost host
    cdef public dict links
    cdef public object loop
    cdef public bint traces
    cdef public Vat vat

    cpdef expect_turn(self)
    @cython.locals(host=LoopHost, turns=Turns)
    cpdef turn(self)
    @cython.locals(link=Link)
    cpdef flush(self)
    @cython.locals(fresh=list, link=Link)
    cpdef flush_fresh(self)
