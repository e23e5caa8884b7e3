# C types of decode.py.
cimport cython
from caplet.wire.message cimport MessageReader
from caplet.wire.untyped cimport AnyList, AnyStruct

@cython.locals(root=AnyStruct, tag=cython.int)
cpdef tuple read_message(MessageReader message)
@cython.locals(operations=AnyList, operation=AnyStruct, count=cython.Py_ssize_t, index=cython.Py_ssize_t, kind=cython.int)
cpdef tuple read_path(AnyStruct promised_answer, Py_ssize_t limit)
