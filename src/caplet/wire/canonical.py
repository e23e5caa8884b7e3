"""The canonical form of a message: equal values are equal bytes.

Knows the rules: one segment, objects in the order in which a reader meets them, sections without trailing zeros, no capabilities.
"""

from __future__ import annotations

from caplet.errors import BuildError, DecodeError
from caplet.wire.buffers import Buffer
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.sizes import COMPOSITE, POINTER
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct
from caplet.wire.untyped_builder import AnyPointerBuilder, AnyStructBuilder

__all__ = ["canonicalize", "is_canonical"]

_Waiting = list[tuple[AnyPointerBuilder, AnyPointer]]


def canonicalize(root: AnyStruct) -> bytes:
    """Return the one segment of the canonical message with a struct as its root.

    Raises:
        BuildError: the message holds capabilities.
        DecodeError: it is malformed.
    """
    message = MessageBuilder()
    _write(message.root, root)
    if len(message.output()) > 1:
        message = MessageBuilder(message.total_words + 1)
        _write(message.root, root)
    (segment,) = message.output()
    return bytes(segment)


def is_canonical(content: Buffer) -> bool:
    """Tell whether the bytes of a segment are a canonical message."""
    try:
        root = MessageReader([content]).root
        return not root.is_null and canonicalize(root.struct()) == bytes(content)
    except (BuildError, DecodeError):
        return False


def _write(target: AnyPointerBuilder, root: AnyStruct) -> None:
    waiting: _Waiting = []
    _copy_struct(target.init_struct(_data_words(root), _pointer_count(root)), root, waiting)
    while waiting:
        place, source = waiting.pop()
        kind = source.kind
        if kind == "struct":
            struct = source.struct()
            _copy_struct(place.init_struct(_data_words(struct), _pointer_count(struct)), struct, waiting)
        elif kind == "list":
            _copy_list(place, source.list(), waiting)
        elif kind == "capability":
            raise BuildError("a message with capabilities has no canonical form")


def _data_words(source: AnyStruct) -> int:
    words = (source.data_bytes + 7) >> 3
    while words and source.u64((words - 1) << 3) == 0:
        words -= 1
    return words


def _pointer_count(source: AnyStruct) -> int:
    count = source.pointer_count
    while count and not source.has(count - 1):
        count -= 1
    return count


def _copy_struct(target: AnyStructBuilder, source: AnyStruct, waiting: _Waiting) -> None:
    """Copy the data of a struct; its pointers wait, the first of them on top."""
    for offset in range(0, _data_words(source) << 3, 8):
        target.set_u64(offset, source.u64(offset))
    for index in range(_pointer_count(source) - 1, -1, -1):
        if source.has(index):
            waiting.append((target.pointer(index), source.pointer(index)))


def _copy_list(place: AnyPointerBuilder, source: AnyList, waiting: _Waiting) -> None:
    length = len(source)
    if source.element_size == COMPOSITE:
        data_words = pointer_count = 0
        filled = length if source._step_bits else 0
        for index in range(filled):
            struct = source.struct(index)
            data_words = max(data_words, _data_words(struct))
            pointer_count = max(pointer_count, _pointer_count(struct))
        made = place.init_struct_list(length, data_words, pointer_count)
        for index in range(filled - 1, -1, -1):
            _copy_struct(made.struct(index), source.struct(index), waiting)
    elif source.element_size == POINTER:
        made = place.init_list(POINTER, length)
        for index in range(length - 1, -1, -1):
            pointer = source.pointer(index)
            if not pointer.is_null:
                waiting.append((made.pointer(index), pointer))
    else:
        # The copy of a list of numbers is canonical: what is behind the last element is zero.
        place.set(source)
