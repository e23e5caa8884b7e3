# C types of inbound.py.
cimport cython
cimport caplet.rpc.decode as decode
cimport caplet.rpc.descriptor as descriptor
cimport caplet.rpc.encode as encode
from caplet.cap.capability cimport Capability
from caplet.rpc.answer cimport AnswerRow
from caplet.rpc.tables cimport Tables
from caplet.rpc.export cimport Export
from caplet.rpc.import_ cimport Import
from caplet.rpc.question cimport Question
from caplet.rpc.remote cimport RemotePromise
from caplet.wire.message cimport MessageReader
from caplet.wire.segment cimport Segment
from caplet.wire.untyped cimport AnyPointer, AnyStruct

cdef int LINGERING, CANCELLED, RETURNED, RETURNED_FOR_GOOD, FINISHED, FINISHED_AND_RELEASED
cdef int CALL, RETURN, FINISH, RELEASE, TO_YOURSELF, RESULTS, TARGET_IMPORTED_CAP, TARGET_PROMISED_ANSWER, CAP_TABLE

@cython.locals(tag=cython.int, body=AnyStruct)
cpdef receive(Tables connection, MessageReader message, list fds)
@cython.locals(answer_id=cython.uint, results_to=cython.int, payload=AnyStruct, words=cython.Py_ssize_t, segment=Segment,
               hints=cython.int, redirected=cython.bint, row=AnswerRow, target=Capability)
cpdef receive_call(Tables connection, MessageReader message, AnyStruct body, list fds)
@cython.locals(kind=cython.int, promised=AnyStruct, exported=Export, row=AnswerRow)
cpdef Capability find_target(Tables connection, AnyStruct target)
@cython.locals(question_id=cython.uint, asked=Question, kind=cython.int, over=cython.int, exports=list)
cpdef receive_return(Tables connection, MessageReader message, AnyStruct body, list fds)
@cython.locals(payload=AnyStruct)
cpdef return_results(Tables connection, Question asked, MessageReader message, AnyStruct body, list fds, int over)
@cython.locals(row=AnswerRow)
cpdef receive_finish(Tables connection, AnyStruct body)
@cython.locals(export_id=cython.uint, count=cython.longlong, exported=Export)
cpdef receive_release(Tables connection, AnyStruct body)
@cython.locals(promise=RemotePromise)
cpdef resolve_import(Tables connection, Import imported, Capability capability)
