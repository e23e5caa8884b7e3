"""List types: how a list behind a pointer is opened, made, and filled from a program's values.

Knows which class stands for lists of which elements. Does not know how lists behave (`lists.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from caplet.runtime.bit_lists import BoolList, VoidList
from caplet.runtime.buffers import buffer_or_none, copy_buffer
from caplet.runtime.kinds import BoolKind, Kind, PointerKind, VoidKind
from caplet.runtime.lists import List, PointerList, ScalarList, StructList
from caplet.runtime.plans import StructKind
from caplet.wire.segment import EMPTY_SEGMENT
from caplet.wire.sizes import COMPOSITE, POINTER, VOID
from caplet.wire.views import ListReader

if TYPE_CHECKING:
    from caplet.wire.arena import Arena
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment

__all__ = ["ListKind"]

COMPILED = not __file__.endswith(".py")


class ListKind(PointerKind):
    """A list type.

    Args:
        element: the type of its elements.
    """

    __slots__ = ("cls", "element")

    def __init__(self, element: Kind) -> None:
        self.name = f"List({element.name})"
        self.size = POINTER
        self.element = element
        self.cls: Any = _class_of(element)

    def new(self) -> List:
        """Return a list of the class for these elements that lies nowhere yet."""
        if COMPILED:
            return new_list(self.cls)  # type: ignore[name-defined,no-any-return]  # noqa: F821  (lists.pxd)
        made: List = self.cls.__new__(self.cls)
        return made

    def load(self, arena: Arena, segment: Segment, position: int, depth: int, writable: bool) -> object:
        """Return the list; null reads as an empty one."""
        found = self.new()
        element = self.element
        found._capacity = 0
        if writable:
            found.title = self.name
            found.set_kind(element, True, segment, position)
        else:
            found.set_kind(element, False, None, position)
        if segment.u64s[position] == 0:
            found._arena = arena
            found._segment = EMPTY_SEGMENT
            found._start = 0
            found._length = 0
            found._depth = depth
            found._size = element.size
            found._step_bits = 0
            found._data_bytes = 0
            found._pointer_count = 0
            if element.size == COMPOSITE and isinstance(element, StructKind):
                structs = element
                found._data_bytes = structs.data_words << 3
                found._pointer_count = structs.pointer_count
            return found
        if writable and element.size == COMPOSITE and isinstance(element, StructKind):
            structs = element
            arena.writable_struct_list(found, segment, position, structs.data_words, structs.pointer_count)  # type: ignore[attr-defined]
        else:
            arena.open_list(found, segment, position, depth, element.size)
            if writable and found._segment.fixed:
                found.writable = False
        found._capacity = found._length
        return found

    def view(self, place: ListReader) -> List:
        """Return the place of an untyped list as a reader of this type.

        Raises:
            DecodeError: its elements cannot be read as this type.
        """
        made = self.new()
        made._capacity = place._length
        made.set_kind(self.element, False, None, 0)
        made._arena = place._arena
        made._segment = place._segment
        made._start = place._start
        made._length = place._length
        made._step_bits = place._step_bits
        made._data_bytes = place._data_bytes
        made._pointer_count = place._pointer_count
        made._depth = place._depth
        made._size = place._size
        if place._length and place._size != self.element.size != VOID:
            place._arena.check_elements(place, self.element.size, place._segment, place._start >> 3)
        return made

    def store(self, arena: BuilderArena, segment: Segment, position: int, value: Any, where: str) -> None:
        """Write a list from any sequence of elements, or from a buffer of numbers in one go."""
        if type(value) is list:
            self.store_items(arena, segment, position, value, where)  # pyright: ignore[reportUnknownArgumentType]
            return
        if isinstance(value, ListReader):
            self.store_list(arena, segment, position, value, where)
            return
        if isinstance(value, str | bytes) and not (isinstance(value, bytes) and self.element.name in ("UInt8", "Int8")):
            raise self.mismatch(value, where)
        if type(value) is not tuple:
            view = buffer_or_none(value)
            if view is not None and view.ndim != 1 and not isinstance(self.element, ListKind):
                raise TypeError(f"{where}: expected numbers in one dimension, not in {view.ndim}")
            if view is not None and view.ndim == 1:
                if segment.u64s[position]:
                    # It may lie in what is replaced, which is zeroed.
                    view = copy_buffer(view)
                count = view.shape[0] if view.shape else 0
                made = self.init(arena, segment, position, count)
                if made.put_buffer(0, count, view):
                    return
                value = plain_list(view, value)
            elif not isinstance(value, Sequence):
                try:
                    value = list(value)
                except TypeError:
                    raise self.mismatch(value, where) from None
        self.store_items(arena, segment, position, value, where)  # pyright: ignore[reportUnknownArgumentType]

    def store_items(self, arena: BuilderArena, segment: Segment, position: int, items: Any, where: str) -> None:
        """Write a list from a sequence of elements."""
        made = self.init(arena, segment, position, len(items))
        made.fill(items, where)

    def export_at(self, arena: Arena, segment: Segment, position: int, depth: int) -> object:
        """Return the list as plain Python."""
        found: List = self.load(arena, segment, position, depth, False)  # type: ignore[assignment]
        return found.export()

    def store_list(self, arena: BuilderArena, segment: Segment, position: int, value: ListReader, where: str) -> None:
        """Write a copy of another list of the same type."""
        from caplet.wire.copying import copy_list

        if isinstance(value, List) and value.kind is not self.element and value.kind.name != self.element.name:
            raise TypeError(f"{where}: expected {self.name}, not a List({value.kind.name})")
        copy_list(arena, segment, position, value)

    def init(self, arena: BuilderArena, segment: Segment, position: int, length: int) -> List:
        """Make the pointer lead to a new list of `length` empty elements, and return it."""
        made = self.new()
        element = self.element
        made.title = self.name
        made.set_kind(element, True, segment, position)
        if isinstance(element, StructKind):
            structs = element
            arena.init_struct_list(made, segment, position, length, structs.data_words, structs.pointer_count)
        else:
            arena.init_list(made, segment, position, element.size, length)
        made._capacity = length
        return made


def _class_of(element: Kind) -> type[List]:
    """Return the class for lists of `element`."""
    if isinstance(element, StructKind):
        return StructList
    if isinstance(element, PointerKind):
        return PointerList
    if isinstance(element, BoolKind):
        return BoolList
    if isinstance(element, VoidKind):
        return VoidList
    return ScalarList


def plain_list(view: memoryview, value: Any) -> list[Any]:
    """Return the numbers of a buffer as Python's."""
    try:
        return view.tolist()
    except NotImplementedError:  # a format that only the one who made the buffer understands
        return list(value)
