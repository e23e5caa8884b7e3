# C types of json_structs.py.
cimport cython
from caplet.notation.json_forms cimport JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers cimport NumberForm
from caplet.wire.untyped cimport AnyPointer, AnyStruct
from caplet.wire.untyped_builder cimport AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

cdef class JsonMember:
    cdef public str name
    cdef public str key
    cdef public int tag
    cdef public object make_form
    cdef public JsonForm form
    cdef public str prefix
    cdef public bint is_group
    cdef public bint is_pointer
    cdef public bint is_void
    cdef public Py_ssize_t offset
    cdef public object mask
    cdef public object content
    cdef public AnyPointer default
    cdef public object handler

    cpdef JsonForm known_form(self)
    @cython.locals(form=NumberForm)
    cpdef bint has(self, JsonOutput out, AnyStruct source) except -1
    @cython.locals(found=AnyPointer)
    cpdef AnyPointer pointer(self, AnyStruct source)
    @cython.locals(form=JsonForm, number=NumberForm)
    cpdef str encode(self, JsonOutput out, AnyStruct source, int indent)
    @cython.locals(form=JsonForm, number=NumberForm, group=StructForm)
    cpdef decode(self, JsonInput reading, AnyStructBuilder target, object source, int depth, bint in_group)
    @cython.locals(form=JsonForm, struct=StructForm, place=AnyPointerBuilder)
    cpdef write_default(self, AnyStructBuilder target)
    @cython.locals(form=StructForm, place=AnyPointerBuilder)
    cpdef AnyStructBuilder inside(self, AnyStructBuilder target)

cdef class StructForm(JsonForm):
    cdef public str title
    cdef public bint is_group
    cdef public long long data_words
    cdef public long long pointer_count
    cdef public long long weight
    cdef public object prepare
    cdef public list plain
    cdef public list union
    cdef public dict by_tag
    cdef public int tag_offset
    cdef public str tag_name
    cdef public str value_name
    cdef public dict simple
    cdef public object names

    cpdef ready(self)
    @cython.locals(outside=cython.bint, inside=cython.bint, deeper=cython.int, entries=list, items=list, key=str, colon=str,
                   member=JsonMember)
    cpdef str encode_struct(self, JsonOutput out, AnyStruct source, int indent, bint prefixed)
    @cython.locals(member=JsonMember, active=JsonMember, name=str)
    cpdef collect(self, JsonOutput out, AnyStruct source, str prefix, list entries)
    @cython.locals(inner=StructForm, place=AnyStruct)
    cpdef add(self, JsonOutput out, AnyStruct source, JsonMember member, str name, str prefix, list entries)
    @cython.locals(simple=dict, name=str, member=JsonMember)
    cpdef decode_struct(self, JsonInput reading, AnyStructBuilder target, object source, int depth)
    @cython.locals(apart=AnyStructBuilder, fresh=cython.bint)
    cpdef decode_group(self, JsonInput reading, AnyStructBuilder target, JsonMember member, object source, int depth,
                       bint in_group)
    @cython.locals(member=JsonMember, active=JsonMember, group=StructForm, chosen=StructForm)
    cpdef complete(self, AnyStructBuilder target)

cdef class HandledStructForm(StructForm):
    cdef public object write
    cdef public object read

@cython.locals(form=JsonForm, number=NumberForm, group=StructForm, child=JsonMember)
cpdef wipe(AnyStructBuilder target, JsonMember member, bint whole)
@cython.locals(form=JsonForm, number=NumberForm, group=StructForm, child=JsonMember)
cpdef bint untouched(AnyStruct source, JsonMember member) except -1
@cython.locals(form=JsonForm, number=NumberForm, group=StructForm, child=JsonMember, active=JsonMember)
cpdef transfer(AnyStruct source, AnyStructBuilder target, JsonMember member)
