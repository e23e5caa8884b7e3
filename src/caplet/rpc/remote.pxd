# C types of remote.py.
cimport cython
cimport caplet.rpc.encode as encode
from caplet.cap.call cimport IncomingCall
from caplet.cap.capability cimport Capability
from caplet.cap.promise cimport Promise
from caplet.cap.request cimport Request
from caplet.cap.turns cimport Turns, Use
from caplet.rpc.tables cimport Tables
from caplet.rpc.export cimport Export
from caplet.rpc.import_ cimport Import
from caplet.rpc.question cimport Question, Slot
from caplet.wire.untyped_builder cimport AnyStructBuilder

cdef int GONE

cdef class RemoteCapability(Capability):
    cdef public Tables link
    cdef public object stream

    cpdef lie_behind(self, Tables connection)
    cpdef write_target(self, AnyStructBuilder target)
    cpdef write_descriptor(self, AnyStructBuilder descriptor)
    cpdef mark_called(self)
    cpdef bint addressable(self) except -1
    cpdef Capability keeper(self)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    cpdef send_request(self, Request request)
    @cython.locals(request=Request)
    cpdef deliver(self, IncomingCall call)

cdef class ImportedCapability(RemoteCapability):
    cdef public Import row
    cdef public Use use

    cpdef write_target(self, AnyStructBuilder target)
    cpdef write_descriptor(self, AnyStructBuilder descriptor)
    cpdef mark_called(self)

cdef class PipelinedCapability(RemoteCapability):
    cdef public Slot slot
    cdef public Use use

    cpdef open(self, Tables connection, Slot slot)
    cpdef write_target(self, AnyStructBuilder target)
    cpdef write_descriptor(self, AnyStructBuilder descriptor)
    cpdef mark_called(self)
    cpdef bint addressable(self) except -1
    @cython.locals(question=Question, over=cython.bint)
    cpdef Capability keeper(self)

cdef class RemotePromise(Promise):
    cdef public RemoteCapability raw

    cpdef open(self, RemoteCapability raw)
    @cython.locals(target=Capability)
    cpdef become(self, Capability capability)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
    cpdef send_request(self, Request request)
    cpdef deliver(self, IncomingCall call)

cdef class Exported(Capability):
    cdef public Export export

    cpdef resolution(self)

cdef class AnswerPath(Capability):
    cdef public tuple path
    cdef public object row

    cpdef resolution(self)

cdef class Reflected(Capability):
    cdef public Capability holder
    cdef public Capability inner

    cpdef resolution(self)
    cpdef Request new_request(self, unsigned long long interface_id, unsigned int method_id, long long size_hint_words=*)
