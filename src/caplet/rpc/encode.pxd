# C types of encode.py.
cimport cython
from caplet.wire.message cimport MessageBuilder
from caplet.wire.segment cimport Segment
from caplet.wire.untyped_builder cimport AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

cdef long long ENVELOPE_WORDS, LONGEST_FIRST_SEGMENT_WORDS, COPIED_WORDS
cdef int BODY_POSITION, BODY_BYTES, PAYLOAD_POINTERS
cdef int CALL, RETURN, FINISH, RELEASE, TARGET_PROMISED_ANSWER, SENDER_HOSTED, SENDER_PROMISE
cdef bytes CALL_TEMPLATE, RETURN_TEMPLATE, EMPTY_RETURN_TEMPLATE, FINISH_TEMPLATE, RELEASE_TEMPLATE

cdef class OutgoingMessage(MessageBuilder):
    cdef public int data_words
    cdef public object fds
    cdef public int pointer_count
    cdef public int tag

    @cython.locals(first=Segment, words=cython.longlong, size=cython.longlong)
    cpdef begin(self, int tag, int data_words, int pointer_count, long long size_hint_words, bytes beginning)
    @cython.locals(segment=Segment)
    cpdef list pieces(self)
    @cython.locals(made=AnyPointerBuilder)
    cpdef AnyPointerBuilder content(self)
    @cython.locals(made=AnyListBuilder)
    cpdef AnyListBuilder init_capability_table(self, long long length)
    @cython.locals(made=AnyStructBuilder)
    cpdef AnyStructBuilder init_target(self)
    @cython.locals(first=Segment)
    cpdef write_call(self, unsigned int question_id, unsigned long long interface_id, unsigned int method_id, bint to_yourself,
                     unsigned int hint_bits)
    @cython.locals(first=Segment)
    cpdef write_return(self, unsigned int answer_id, bint no_finish_needed)
    @cython.locals(first=Segment)
    cpdef write_finish(self, unsigned int question_id, bint release_result_caps)

@cython.locals(message=OutgoingMessage)
cpdef OutgoingMessage call(long long size_hint_words)
@cython.locals(message=OutgoingMessage)
cpdef OutgoingMessage return_(long long size_hint_words)
@cython.locals(message=OutgoingMessage)
cpdef OutgoingMessage finish(unsigned int question_id, bint release_result_caps)
@cython.locals(message=OutgoingMessage)
cpdef OutgoingMessage release(unsigned int import_id, unsigned int count)
cpdef write_imported_cap(AnyStructBuilder target, unsigned int import_id)
cpdef write_answer_target(AnyStructBuilder target, unsigned int question_id, tuple path)
cpdef write_sender(AnyStructBuilder descriptor, unsigned int export_id, bint promise)
cpdef write_receiver_hosted(AnyStructBuilder descriptor, unsigned int import_id)
cpdef write_receiver_answer(AnyStructBuilder descriptor, unsigned int question_id, tuple path)
@cython.locals(promised=AnyStructBuilder, operations=AnyListBuilder, operation=AnyStructBuilder, index=cython.Py_ssize_t)
cpdef write_promised_answer(AnyStructBuilder holder, unsigned int question_id, tuple path)
