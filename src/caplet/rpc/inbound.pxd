# C types of inbound.py.
cimport cython
from caplet.rpc.answer cimport AnswerRow
from caplet.rpc.question cimport Question
from caplet.wire.message cimport MessageReader
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyStruct

cdef int LINGERING, CANCELLED, RETURNED, RETURNED_FOR_GOOD

@cython.locals(tag=cython.int, body=AnyStruct)
cpdef receive(connection, MessageReader message, list fds)
@cython.locals(answer_id=cython.uint, results_to=cython.int, payload=AnyStruct, words=cython.Py_ssize_t, segment=Segment,
               hints=cython.int, redirected=cython.bint, row=AnswerRow)
cpdef receive_call(connection, MessageReader message, AnyStruct body, list fds)
@cython.locals(kind=cython.int, promised=AnyStruct)
cpdef find_target(connection, AnyStruct target)
@cython.locals(question_id=cython.uint, asked=Question, kind=cython.int, over=cython.int)
cpdef receive_return(connection, MessageReader message, AnyStruct body, list fds)
@cython.locals(payload=AnyStruct)
cpdef return_results(connection, Question asked, MessageReader message, AnyStruct body, list fds, int over)
@cython.locals(row=AnswerRow)
cpdef receive_finish(connection, AnyStruct body)
cpdef receive_release(connection, AnyStruct body)
