# C types of outbound.py.
cimport cython
cimport caplet.rpc.descriptor as descriptor
cimport caplet.rpc.encode as encode
from caplet.cap.answer cimport Answer
from caplet.cap.capability cimport Capability
from caplet.cap.request cimport Request
from caplet.rpc.tables cimport Tables
from caplet.rpc.encode cimport OutgoingMessage
from caplet.rpc.question cimport Question
from caplet.rpc.remote cimport RemoteCapability

@cython.locals(request=Request, message=OutgoingMessage)
cpdef Request new_request(Tables connection, Capability target, unsigned long long interface_id, unsigned int method_id,
                          long long size_hint_words)
cpdef send_request(Tables connection, RemoteCapability raw, Request request)
@cython.locals(copied=Request, message=OutgoingMessage, question=Question, hints=cython.int, silent=cython.bint,
               hint_bits=cython.int, answer=Answer, exports=list)
cpdef send_call(Tables connection, RemoteCapability raw, Request request, bint to_yourself=*)
