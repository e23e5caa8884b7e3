# C types of outbound.py.
cimport cython
from caplet.cap.request cimport Request
from caplet.rpc.encode cimport OutgoingMessage
from caplet.rpc.question cimport Question
from caplet.rpc.remote cimport RemoteCapability

@cython.locals(request=Request, message=OutgoingMessage)
cpdef Request new_request(connection, target, unsigned long long interface_id, unsigned int method_id, long long size_hint_words)
cpdef send_request(connection, RemoteCapability raw, Request request)
@cython.locals(copied=Request, message=OutgoingMessage, question=Question, hints=cython.int, silent=cython.bint,
               hint_bits=cython.int)
cpdef send_call(connection, RemoteCapability raw, Request request, bint to_yourself=*)
