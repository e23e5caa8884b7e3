# C types of connection.py.
cimport cython
cimport caplet.rpc.descriptor as descriptor
cimport caplet.rpc.encode as encode
cimport caplet.rpc.inbound as inbound
cimport caplet.rpc.outbound as outbound
cimport caplet.rpc.resolution as resolution
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request
from caplet.rpc.answer cimport AnswerRow
from caplet.rpc.encode cimport OutgoingMessage
from caplet.rpc.flow cimport Flow
from caplet.rpc.question cimport Question
from caplet.rpc.tables cimport Tables
from caplet.wire.message cimport MessageReader
from caplet.wire.segment cimport Segment

cdef int FREE_QUESTION, FINISH_AND_RELEASE, FREE_ANSWER, CANCEL_CALL
cdef int FREE_EXPORT, FORGET_IDENTITY, UNWATCH, FREE_IMPORT, PROMISE
cdef long long EARLY_WORDS

cdef class Connection(Tables):
    @cython.locals(segment=Segment)
    cpdef receive(self, MessageReader message, list fds=*)
    @cython.locals(outbox=list)
    cpdef list take_output(self)
    cpdef Request new_request(self, Capability target, unsigned long long interface_id, unsigned int method_id,
                              long long size_hint_words)
    cpdef send_request(self, raw, Request request)
    cpdef send(self, OutgoingMessage message)
    @cython.locals(words=cython.longlong)
    cpdef put_out(self, OutgoingMessage message)
    cpdef note_output(self)
    @cython.locals(words=cython.longlong)
    cpdef refusal(self, OutgoingMessage message)
    cpdef forget_question(self, Question asked)
    @cython.locals(entry=Question)
    cpdef act_on_question(self, asked, int action)
    @cython.locals(entry=AnswerRow)
    cpdef act_on_answer(self, row, int action)
    cpdef act_on_export(self, exported, int action)
    cpdef act_on_import(self, imported, int action)
    cpdef drop_export_count(self, exported, long long count)
    cpdef Capability settle(self, raw, bint called, Capability capability)
    @cython.locals(entry=AnswerRow)
    cpdef Capability frozen(self, row, Py_ssize_t number)
    cpdef Capability promise_for_slot(self, slot)
    cpdef raw_for_slot(self, slot)
    @cython.locals(words=cython.Py_ssize_t, entry=AnswerRow, flow=Flow)
    cpdef call_answered(self, row)
