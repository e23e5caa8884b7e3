# C types of tables.py.
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request
from caplet.cap.turns cimport Turns
from caplet.rpc.encode cimport OutgoingMessage
from caplet.rpc.ids cimport IdTable

cdef class Tables:
    cdef object __weakref__
    cdef public dict answers
    cdef public list break_watches
    cdef public list closed_callbacks
    cdef public object context
    cdef public list discarded_fds
    cdef public IdTable embargoes
    cdef public object error
    cdef public dict exported
    cdef public IdTable exports
    cdef public object flow
    cdef public dict imports
    cdef public object limits
    cdef public object make_bootstrap
    cdef public long long markers
    cdef public Py_ssize_t max_answers
    cdef public long long max_call_words
    cdef public long long max_message_words
    cdef public Py_ssize_t max_questions
    cdef public object name
    cdef public unsigned int next_silent
    cdef public object on_resume
    cdef public list outbox
    cdef public object peer
    cdef public IdTable questions
    cdef public bint reading_paused
    cdef public long long received
    cdef public long long received_words
    cdef public long long sent
    cdef public long long sent_words
    cdef public dict silent
    cdef public bint tail_calls
    cdef public object trace_encoder
    cdef public object tracer
    cdef public Turns turns
    cdef public list unresolved
    cdef public long long unwritten_words
    cdef public bint use_silent_ids
    cdef public object watcher

    cpdef Request new_request(self, Capability target, unsigned long long interface_id, unsigned int method_id,
                              long long size_hint_words)
    cpdef send_request(self, raw, Request request)
    cpdef send(self, OutgoingMessage message)
    cpdef refusal(self, OutgoingMessage message)
    cpdef act_on_question(self, asked, int action)
    cpdef act_on_answer(self, row, int action)
    cpdef act_on_export(self, exported, int action)
    cpdef act_on_import(self, imported, int action)
    cpdef call_answered(self, row)
    cpdef Capability frozen(self, row, Py_ssize_t number)
    cpdef Capability settle(self, raw, bint called, Capability capability)
    cpdef Capability promise_for_slot(self, slot)
    cpdef raw_for_slot(self, slot)
