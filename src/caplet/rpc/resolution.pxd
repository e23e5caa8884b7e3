# C types of resolution.py.
cimport cython
cimport caplet.rpc.encode as encode
from caplet.cap.capability cimport Capability
from caplet.rpc.tables cimport Tables
from caplet.rpc.import_ cimport Import
from caplet.rpc.question cimport Slot
from caplet.rpc.remote cimport ImportedCapability, PipelinedCapability, Reflected, RemoteCapability, RemotePromise

@cython.locals(target=Capability)
cpdef Capability settle(Tables connection, RemoteCapability raw, bint called, Capability capability)
cpdef Capability start_embargo(Tables connection, RemoteCapability raw, Capability capability)
@cython.locals(row=Import, slot=Slot)
cpdef Capability promise_for_raw(Tables connection, RemoteCapability raw)
@cython.locals(raw=ImportedCapability)
cpdef ImportedCapability raw_for_import(Tables connection, Import row)
@cython.locals(promise=RemotePromise)
cpdef RemotePromise promise_for_import(Tables connection, Import row)
@cython.locals(promise=RemotePromise)
cpdef RemotePromise live(reference)
@cython.locals(raw=PipelinedCapability)
cpdef PipelinedCapability raw_for_slot(Tables connection, Slot slot)
@cython.locals(promise=RemotePromise)
cpdef RemotePromise promise_for_slot(Tables connection, Slot slot)
