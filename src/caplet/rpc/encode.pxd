# C types of encode.py.
cimport cython
from caplet.wire.message cimport MessageBuilder
from caplet.wire.untyped_builder cimport AnyStructBuilder

cdef class OutgoingMessage(MessageBuilder):
    cdef public int data_words
    cdef public object fds
    cdef public int pointer_count
    cdef public int tag

@cython.locals(body=AnyStructBuilder)
cpdef write_call(OutgoingMessage message, unsigned int question_id, unsigned long long interface_id, unsigned int method_id,
                 bint to_yourself, unsigned int hint_bits)
@cython.locals(body=AnyStructBuilder)
cpdef write_return(OutgoingMessage message, unsigned int answer_id, bint no_finish_needed)
cpdef write_imported_cap(AnyStructBuilder target, unsigned int import_id)
