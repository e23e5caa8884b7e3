# C types of json_names.py.
cimport cython
from caplet.notation.json_forms cimport JsonInput
from caplet.notation.json_structs cimport JsonMember, StructForm
from caplet.wire.untyped_builder cimport AnyStructBuilder

cdef int MEMBER
cdef int FLATTENED
cdef int TAG
cdef int VALUE
cdef int CHOSEN
cdef int MOST_NAMES

cdef class JsonName:
    cdef public int kind
    cdef public JsonMember member
    cdef public str inner
    cdef public dict choices

cdef class Filling:
    cdef public JsonInput reading
    cdef public int depth
    cdef public set tags

cdef class JsonNames:
    cdef public StructForm form
    cdef public dict names
    cdef public dict by_tag_name

    @cython.locals(filling=Filling, waiting=list, later=list, name=str)
    cpdef decode(self, JsonInput reading, AnyStructBuilder target, tuple source, int depth)
    @cython.locals(found=JsonName, member=JsonMember, named=JsonMember, place=tuple, inside=cython.bint)
    cpdef bint decode_member(self, Filling filling, AnyStructBuilder target, str name, object item, bint in_group) except -1
    @cython.locals(active=JsonMember, inner=str, place=AnyStructBuilder)
    cpdef bint decode_active(self, Filling filling, AnyStructBuilder target, JsonName found, object item, bint in_group) except -1
    @cython.locals(former=JsonMember)
    cpdef activate(self, AnyStructBuilder target, JsonMember member, bint in_group)

@cython.locals(form=StructForm)
cpdef JsonNames names_of(JsonMember member)
