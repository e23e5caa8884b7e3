"""Whether two places hold the same, without a schema.

Knows structural equality: two structs are equal when their data sections are, but for zeros at the end, and their pointers lead to equal objects,
but for nulls at the end; two lists when they are equally long and their elements are equal and of the same size on the wire, texts and
data being lists of bytes; two capabilities when they are one object. Numbers are compared by their bits, so that NaN equals the same NaN. Does not
know defaults or fields: what a schema says to be equal may differ here in how it is laid out.

The walk keeps its own stack; the limits of both messages bound it.
"""

from __future__ import annotations

from caplet.wire.sizes import BIT, COMPOSITE, POINTER
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct

__all__ = ["same_list", "same_pointer", "same_struct"]

_Waiting = list[tuple[AnyPointer, AnyPointer]]


def same_pointer(one: AnyPointer, two: AnyPointer) -> bool:
    """Tell whether two pointers lead to equal objects.

    Raises:
        DecodeError: a message is not well-formed, or larger than its limits allow.
    """
    return _all_same([(one, two)])


def same_struct(one: AnyStruct, two: AnyStruct) -> bool:
    """Tell whether two structs are equal; it raises what `same_pointer` does."""
    waiting: _Waiting = []
    return _compare_structs(one, two, waiting) and _all_same(waiting)


def same_list(one: AnyList, two: AnyList) -> bool:
    """Tell whether two lists are equal; it raises what `same_pointer` does."""
    waiting: _Waiting = []
    return _compare_lists(one, two, waiting) and _all_same(waiting)


def _all_same(waiting: _Waiting) -> bool:
    """Tell whether all pairs that wait are equal."""
    while waiting:
        one, two = waiting.pop()
        kind = one.kind
        if kind != two.kind:
            return False
        if kind == "struct":
            if not _compare_structs(one.struct(), two.struct(), waiting):
                return False
        elif kind == "list":
            if not _compare_lists(one.list(), two.list(), waiting):
                return False
        elif kind == "capability" and one.capability() is not two.capability():
            return False
    return True


def _data(struct: AnyStruct) -> bytes:
    """Return the data section without zeros at its end."""
    return bytes(struct._segment.view[struct._data : struct._data + struct._data_bytes]).rstrip(b"\0")


def _compare_structs(one: AnyStruct, two: AnyStruct, waiting: _Waiting) -> bool:
    """Compare the data of two structs; their pointers wait."""
    if _data(one) != _data(two):
        return False
    for index in range(max(one._pointer_count, two._pointer_count)):
        if one.has(index) != two.has(index):
            return False
        if one.has(index):
            waiting.append((one.pointer(index), two.pointer(index)))
    return True


def _compare_lists(one: AnyList, two: AnyList, waiting: _Waiting) -> bool:
    """Compare the elements of two lists; their pointers wait."""
    length = one._length
    if length != two._length or (length and one._size != two._size):
        return False
    if one._size == POINTER:
        waiting.extend((one.pointer(at), two.pointer(at)) for at in range(length))
        return True
    if one._size == COMPOSITE:
        if one._pointer_count or two._pointer_count or one._data_bytes != two._data_bytes:
            return all(_compare_structs(one.struct(at), two.struct(at), waiting) for at in range(length))
    elif one._size == BIT:
        whole = length & ~7
        return _elements(one, whole >> 3) == _elements(two, whole >> 3) and all(
            one.boolean(at) == two.boolean(at) for at in range(whole, length)
        )
    size = length * one._step_bits >> 3
    return _elements(one, size) == _elements(two, size)


def _elements(items: AnyList, size: int) -> memoryview:
    """Return the first `size` bytes of the elements of a list."""
    return items._segment.view[items._start : items._start + size]
