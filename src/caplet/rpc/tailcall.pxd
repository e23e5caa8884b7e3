# C types of tailcall.py.
cimport cython
from caplet.cap.request cimport Request
from caplet.rpc.answer cimport AnswerRow
from caplet.rpc.tables cimport Tables
from caplet.rpc.question cimport Question

@cython.locals(connection=Tables, question=Question)
cpdef bint hand_over(AnswerRow row, Request request) except -1
@cython.locals(question=Question)
cpdef pipeline(AnswerRow row, tuple path)
