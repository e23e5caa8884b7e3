# C types of sockets.py.
cimport cython
from caplet.aio.transports.watching cimport forget, watch

cdef class Passing:
    cdef public list fds
    cdef public Py_ssize_t pieces

cdef class SocketTransport:
    cdef object __weakref__
    cdef public object peer
    cdef readonly object _sock
    cdef bint _calls_once
    cdef bint _closing
    cdef bint _discarding
    cdef readonly object _error
    cdef list _fds
    cdef object _framing
    cdef bint _full
    cdef object _last_word
    cdef object _limits
    cdef object _loop
    cdef bint _lost
    cdef bint _passes
    cdef object _queue
    cdef Py_ssize_t _read_bytes
    cdef bint _reading
    cdef readonly object _receiver
    cdef Py_ssize_t _unsent
    cdef bint _watching
    cdef bint _writing

    @cython.locals(size=cython.Py_ssize_t)
    cpdef _on_readable(self)
    @cython.locals(size=cython.Py_ssize_t)
    cpdef tuple _read(self, sock)
    cpdef send(self, messages, fds=*)
    @cython.locals(size=cython.Py_ssize_t, sent=cython.Py_ssize_t)
    cpdef _write(self, sock, list buffers)
    cpdef _enqueue(self, list buffers, fds)
    cpdef _flush(self)
    cpdef _consume(self, Py_ssize_t sent)
    cpdef _tell_fullness(self)

@cython.locals(count=cython.Py_ssize_t, size=cython.Py_ssize_t)
cpdef list joined(list buffers)
