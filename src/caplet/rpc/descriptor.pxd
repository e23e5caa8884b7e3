# C types of descriptor.py.
cimport cython
cimport caplet.rpc.decode as decode
cimport caplet.rpc.encode as encode
cimport caplet.rpc.resolution as resolution
from caplet.cap.capability cimport Capability
from caplet.rpc.answer cimport AnswerRow
from caplet.rpc.tables cimport Tables
from caplet.rpc.encode cimport OutgoingMessage
from caplet.rpc.export cimport Export
from caplet.rpc.import_ cimport Import
from caplet.rpc.remote cimport RemoteCapability, RemotePromise
from caplet.wire.untyped cimport AnyList, AnyStruct
from caplet.wire.untyped_builder cimport AnyListBuilder, AnyStructBuilder

cdef int IMPORT_PROMISE, IMPORT_RESOLVED, EXPORT_HOSTED, EXPORT_PROMISE, NO_FD, SENDER_HOSTED, SENDER_PROMISE

@cython.locals(exports=list, listed=AnyListBuilder, index=cython.Py_ssize_t, capabilities=list)
cpdef write_table(Tables connection, OutgoingMessage message)
@cython.locals(export=Export, promise=cython.bint)
cpdef Capability describe(Tables connection, Capability capability, AnyStructBuilder descriptor, OutgoingMessage message,
                          list exports)
@cython.locals(export=Export)
cpdef Export new_export(Tables connection, Capability capability)
cpdef Capability checked(capability)
cpdef take_back(Tables connection, list exports)
@cython.locals(listed=AnyList, index=cython.Py_ssize_t)
cpdef list read_table(Tables connection, AnyStruct payload, list fds)
@cython.locals(kind=cython.int, promised=AnyStruct, row=AnswerRow, inner=Capability)
cpdef read(Tables connection, AnyStruct descriptor, list fds)
@cython.locals(row=Import)
cpdef Capability import_(Tables connection, unsigned int import_id, bint promise, int fd_index, list fds)
