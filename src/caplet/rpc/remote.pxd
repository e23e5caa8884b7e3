# C types of remote.py.
from caplet.cap.capability cimport Capability

cdef class RemoteCapability(Capability):
    cdef public object link
    cdef public object stream

cdef class ImportedCapability(RemoteCapability):
    cdef public object row

cdef class PipelinedCapability(RemoteCapability):
    cdef public object slot

cdef class RemotePromise(Capability):
    cdef public object _resolution
    cdef public object _turns
    cdef public RemoteCapability raw
    cdef public list watches

cdef class Exported(Capability):
    cdef public object export

cdef class AnswerPath(Capability):
    cdef public tuple path
    cdef public object row

cdef class Reflected(Capability):
    cdef public object holder
    cdef public object inner
