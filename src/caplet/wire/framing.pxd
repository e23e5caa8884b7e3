# C types of framing.py.
cimport cython
from cpython.bytearray cimport PyByteArray_FromStringAndSize

cdef bint COMPILED

cdef inline bytearray new_room(Py_ssize_t size):
    return PyByteArray_FromStringAndSize(NULL, size)

@cython.locals(room=bytearray)
cpdef bytearray take_room(Py_ssize_t size)
cpdef bint is_seen(bytearray room) except -1
cpdef keep_room(bytearray room)

cdef class Framer:
    cdef object _limits
    cdef bytes _table
    cdef bytearray _body
    cdef Py_ssize_t _needed
    cdef Py_ssize_t _size
    cdef Py_ssize_t _have

    @cython.locals(messages=list, start=cython.Py_ssize_t, end=cython.Py_ssize_t)
    cpdef list feed(self, object chunk)
    @cython.locals(first=cython.ulonglong, end=cython.Py_ssize_t, at=cython.Py_ssize_t)
    cpdef Py_ssize_t cut(self, object view, Py_ssize_t start, list messages) except -1
    @cython.locals(words=cython.Py_ssize_t)
    cpdef split(self, object view, list sizes, Py_ssize_t at, list messages)
    @cython.locals(size=cython.Py_ssize_t)
    cpdef Py_ssize_t gather(self, object view, Py_ssize_t start, list messages) except -1
    cpdef room(self)
    @cython.locals(missing=cython.Py_ssize_t)
    cpdef enlarge(self)
    cpdef list filled(self, Py_ssize_t size)
    cpdef advance(self, Py_ssize_t size, list messages)
    @cython.locals(buffers=list)
    cpdef list frame(self, messages)
