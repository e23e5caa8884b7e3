# C types of answer.py.

cdef class AnswerState:
    cdef object __weakref__
    cdef public list callbacks
    cdef public object content
    cdef public object error
    cdef public dict pinned
    cdef public dict slots
    cdef public object source
    cdef public object turns
    cdef public Py_ssize_t uses

cdef class Answer:
    cdef object __weakref__
    cdef bint _held
    cdef public AnswerState state
