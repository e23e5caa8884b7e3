"""Lists: sequences over the memory of a message.

Knows how elements of each kind are found, and that a list behaves as any Python sequence does. Does not know what elements are (`kinds.py`) or
how a pointer leads to a list (`list_kinds.py`).

One class for each way in which elements lie: numbers (`ScalarList`), structs, and pointers; bits and nothing are in `bit_lists.py`. Lists of builders can be written to
and grown; a grown list moves within its message, and what was there is zeroed.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from caplet.errors import DecodeError
from caplet.runtime.buffers import buffer_or_none, copy_buffer, plain_format
from caplet.runtime.kinds import EnumKind, Kind, PointerKind, ScalarKind
from caplet.runtime.plans import StructKind
from caplet.wire.sizes import COMPOSITE, HIGH_HALF, POINTER
from caplet.wire.views import ListReader, StructReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from caplet.runtime.columns import Column
    from caplet.wire.builder import BuilderArena
    from caplet.wire.segment import Segment

__all__ = ["List", "PointerList", "ScalarList", "StructList"]

COMPILED = not __file__.endswith(".py")

_REPR_ITEMS = 20


class List(ListReader):
    """A list in a message; the base of the classes for each kind of elements.

    Slots: `kind` of the elements; `title` for error texts; `writable` whether the message is being built; `_holder` and `_position` the pointer that leads to the list,
    of a list that can grow, and `_capacity` for how many elements there is room.
    """

    __slots__ = ("_capacity", "_holder", "_position", "kind", "title", "writable")

    kind: Kind
    title: str
    writable: bool
    _capacity: int
    _holder: Segment | None
    _position: int

    def set_kind(self, kind: Kind, writable: bool, holder: Segment | None, position: int) -> None:
        """Say what the elements are and which pointer leads here."""
        self.kind = kind
        self.writable = writable
        self._holder = holder
        self._position = position

    # --- one element --------------------------------------------------------------------------------------------------------------

    def item(self, index: int) -> Any:
        """Return element `index`, which is in range."""
        raise NotImplementedError

    def put(self, index: int, value: Any) -> None:
        """Write element `index`, which is in range, of a list that can be written."""
        raise NotImplementedError

    def export(self) -> list[Any]:
        """Return the elements as plain Python."""
        return [self.kind.export(self.item(at)) for at in range(self._length)]

    # --- sequences ----------------------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self.item(at) for at in range(*index.indices(self._length))]
        return self.item(self.place(index))

    def place(self, index: Any) -> int:
        """Return which element an index means; negative ones count from the end.

        Raises:
            IndexError: it is out of range.
            TypeError: it is no integer.
        """
        try:
            at: int = index if type(index) is int else operator.index(index)
            if at < 0:
                at += self._length
            if 0 <= at < self._length:
                return at
        except OverflowError:  # compiled, an integer that no machine number holds
            pass
        raise IndexError(f"index {index} is out of range of a list of {self._length}")

    def __setitem__(self, index: Any, value: Any) -> None:
        self.check_writable()
        if isinstance(index, slice):
            positions = range(*index.indices(self._length))
            if positions.step == 1 and self.put_buffer(positions.start, len(positions), value):
                return
            values = list(value)
            if len(values) != len(positions):
                raise ValueError(
                    f"{len(values)} values for {len(positions)} elements; lists do not change their length by slices"
                )
            for at, item in zip(positions, values, strict=True):
                self.put(at, item)
            return
        self.put(self.place(index), value)

    def __iter__(self) -> Iterator[Any]:
        return ListIterator(self)

    def __reversed__(self) -> Iterator[Any]:
        return iter([self.item(at) for at in range(self._length - 1, -1, -1)])

    def __contains__(self, value: object) -> bool:
        return any(item == value for item in self)

    def index(self, value: object, start: int = 0, stop: int | None = None) -> int:
        """Return the index of the first element that equals `value`.

        Raises:
            ValueError: there is none.
        """
        for at in range(*slice(start, stop).indices(self._length)):
            if self.item(at) == value:
                return at
        raise ValueError(f"{value!r:.60} is not in the list")

    def count(self, value: object) -> int:
        """Return how many elements equal `value`."""
        return sum(1 for item in self if item == value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, List | list | tuple):
            return NotImplemented
        items: Any = other  # pyright: ignore[reportUnknownVariableType]
        # NaN equals NaN, as in structs.
        return len(self) == len(items) and all(a == b or (a != a and b != b) for a, b in zip(self, items, strict=True))

    __hash__ = None  # type: ignore[assignment]  # what a list holds may change

    def __repr__(self) -> str:
        shown: list[str] = []
        for at in range(min(self._length, _REPR_ITEMS)):
            try:
                shown.append(repr(self.item(at)))
            except Exception as error:  # a repr never raises, whatever the message holds
                shown.append(f"<{type(error).__name__}: {error}>")
        if self._length > _REPR_ITEMS:
            shown.append(f"... {self._length - _REPR_ITEMS} more")
        return f"[{', '.join(shown)}]"

    def __reduce__(self) -> Any:
        raise TypeError("a list is part of a message; copy or pickle its struct, or list(...) of it")

    # --- growing ------------------------------------------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """Refuse to change a list of a reader.

        Raises:
            TypeError: it is one.
        """
        if not self.writable:
            raise TypeError("this list cannot be changed: readers are immutable")

    def append(self, value: Any) -> None:
        """Add one element at the end.

        Args:
            value: the element, as for assignment.
        """
        self.extend([value])

    def extend(self, values: Iterable[Any]) -> None:
        """Add elements at the end; the list moves once within its message.

        Args:
            values: any iterable of elements, as for assignment.
        """
        self.check_writable()
        # What is added may lie in the place that the list leaves when it moves, so it is taken before.
        view = buffer_or_none(values) if self.takes_buffer(values) else None
        more: Sequence[Any] = list(values) if view is None else copy_buffer(view)
        count = len(more)
        if not count:
            return
        if self._holder is None:
            raise TypeError("this list cannot grow: no pointer of its message leads to it")
        old = self._length
        self.grow(old + count)
        if view is not None and self.put_buffer(old, count, more):
            return
        for at, value in enumerate(more, old):
            self.put(at, value)

    def grow(self, length: int) -> None:
        """Make the list `length` elements long, the new ones empty; it moves only when the place behind it is taken."""
        if self._size == COMPOSITE and not isinstance(self, StructList):
            raise TypeError("this list cannot grow: a newer schema wrote its elements as structs")
        if length > self._capacity:
            segment = self._segment
            end = (self._start >> 3) + ((self._capacity * self._step_bits + 63) >> 6)
            wanted = (self._start >> 3) + ((length * self._step_bits + 63) >> 6)
            if self._capacity and segment.used == end and wanted <= segment.words:
                segment.used = wanted
                self._capacity = length
            else:
                # Twice the room each time, so that growing one by one costs no more than twice what it takes.
                room = max(length, self._capacity * 2, 4)
                self.move(room)
                self._capacity = room
        self.tell_length(length)

    def tell_length(self, length: int) -> None:
        """Write another length into the words that describe the list."""
        self._length = length
        assert self._holder is not None
        segment, position = self._holder, self._position
        pointer = segment.u64s[position]
        if pointer & 3 == 2:
            position = (pointer >> 3 & 0x1FFFFFFF) + (1 if pointer & 4 else 0)
            segment = self._arena.segments[pointer >> 32]
            pointer = segment.u64s[position]
        count = length
        if self._size == COMPOSITE:
            count = length * (self._step_bits >> 6)
            tag = (self._start >> 3) - 1
            self._segment.u64s[tag] = self._segment.u64s[tag] & HIGH_HALF | length << 2
        segment.u64s[position] = pointer & 0x7FFFFFFFF | count << 35

    def move(self, capacity: int) -> None:
        """Move to a place for `capacity` elements, those beyond the old ones empty."""
        raise NotImplementedError

    def takes_buffer(self, values: Any) -> bool:
        """Tell whether the values are a buffer of elements in the form in which they lie here."""
        return False

    def put_buffer(self, first: int, count: int, values: Any) -> bool:
        """Write `count` elements from element `first` on in one go, when `values` is a buffer of that many of the same form.

        Returns:
            False when it is not, and nothing was written.
        """
        return False

    def fill(self, values: Any, where: str) -> None:
        """Write every element of a new list from a sequence of the same length; `where` is for errors."""
        self.title = where
        at = 0
        for value in values:
            self.put(at, value)
            at += 1  # noqa: SIM113  (a machine number, compiled)


class ListIterator:
    """Yields the elements of a list one by one."""

    __slots__ = ("at", "items")

    def __init__(self, items: List) -> None:
        self.items = items
        self.at = 0

    def __iter__(self) -> ListIterator:
        return self

    def __next__(self) -> Any:
        if self.at >= self.items._length:
            raise StopIteration
        self.at += 1
        return self.items.item(self.at - 1)

    def __length_hint__(self) -> int:
        return self.items._length - self.at


class ScalarList(List):
    """A list of numbers or enumerants."""

    __slots__ = ("scalar",)

    scalar: ScalarKind

    def set_kind(self, kind: Kind, writable: bool, holder: Segment | None, position: int) -> None:
        """Say what the elements are."""
        List.set_kind(self, kind, writable, holder, position)
        assert isinstance(kind, ScalarKind)
        self.scalar = kind

    def item(self, index: int) -> Any:
        """Return the number at `index`."""
        return self.scalar.load(self._segment, self._start + (index * self._step_bits >> 3))

    def put(self, index: int, value: Any) -> None:
        """Write a number."""
        at = self._start + (index * self._step_bits >> 3)
        self.scalar.store(self._segment, at, value, self.title)

    def move(self, capacity: int) -> None:
        """Move to a place for `capacity` elements."""
        old = bytes(self.memory())
        assert self._holder is not None
        self._arena.init_list(self, self._holder, self._position, self.scalar.size, capacity)  # type: ignore[attr-defined]
        self._segment.put_bytes(self._start, old)

    def memory(self) -> memoryview:
        """Return the elements' bytes, when they lie side by side; a copy of them otherwise."""
        width = self.scalar.width
        size = self._length * width
        if size == 0 or self._step_bits == width << 3:
            return self._segment.view[self._start : self._start + size]
        step = self._step_bits >> 3
        view = self._segment.view
        starts = range(self._start, self._start + self._length * step, step)
        return memoryview(b"".join([view[start : start + width] for start in starts]))

    def __iter__(self) -> Iterator[Any]:
        if self.scalar.code in ("", "H") or self._step_bits != self.scalar.width << 3:
            return ListIterator(self)
        return iter(self.memory().cast(self.scalar.code).tolist())  # type: ignore[call-overload]

    def export(self) -> list[Any]:
        """Return the numbers, or the names of enumerants."""
        if self.scalar.code == "H" and isinstance(self.scalar, EnumKind):
            return List.export(self)
        return list(self)

    def view(self) -> memoryview:
        """Return the elements as a buffer over the message's own memory.

        Returns:
            A memoryview of the list's numbers, one-dimensional; it keeps the memory alive. Read-only unless the message is being built.

        Raises:
            ValueError: the elements do not lie side by side, because the list was written by a newer schema.
        """
        if self._length and self._step_bits != self.scalar.width << 3:
            raise ValueError("the elements of this list do not lie side by side; list(...) copies them")
        memory: Any = self.memory()
        view: memoryview = memory.cast(self.scalar.code)
        return view if self.writable else view.toreadonly()

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """How NumPy sees the list, over the message's own memory."""
        letter = {"f": "f", "d": "f"}.get(self.scalar.code, "u" if self.scalar.code.isupper() else "i")
        return {
            "version": 3,
            "shape": (self._length,),
            "typestr": f"<{letter}{self.scalar.width}" if self.scalar.width > 1 else f"|{letter}1",
            "data": self.memory().toreadonly() if not self.writable else self.memory(),
            "strides": None,
        }

    def __buffer__(self, flags: int) -> memoryview:
        """Return what `memoryview(list)` shows (from Python 3.12 on, and when compiled everywhere).

        Raises:
            BufferError: the elements do not lie side by side, because the list was written by a newer schema.
        """
        try:
            return self.view()
        except ValueError as error:
            raise BufferError(str(error)) from None

    def takes_buffer(self, values: Any) -> bool:
        """Tell whether the values are a buffer of numbers of the same format."""
        view = buffer_or_none(values)
        if view is None or view.ndim != 1 or self._step_bits != self.scalar.width << 3:
            return False
        return plain_format(view) == self.scalar.code

    def put_buffer(self, first: int, count: int, values: Any) -> bool:
        """Write numbers from element `first` on in one go."""
        if not self.takes_buffer(values) or len(values) != count:
            return False
        view = memoryview(values)
        self._segment.put_bytes(self._start + first * self.scalar.width, view if view.c_contiguous else bytes(view))
        return True


class StructList(List):
    """A list of structs."""

    __slots__ = ()

    kind: StructKind  # pyright: ignore[reportIncompatibleVariableOverride]

    def item(self, index: int) -> Any:
        """Return the struct at `index`."""
        if self._depth <= 0:
            raise self.too_deep()
        structs = self.kind
        found = structs.new(self.writable)
        self.lay(found, index)
        return found

    def lay(self, found: StructReader, index: int) -> None:
        """Make `found` lie at element `index`."""
        start = self._start + (index * self._step_bits >> 3)
        found._arena = self._arena
        found._segment = self._segment
        found._data = start
        found._data_bytes = self._data_bytes
        found._pointers = (start + self._data_bytes) >> 3
        found._pointer_count = self._pointer_count
        found._depth = self._depth - 1

    def too_deep(self) -> DecodeError:
        """Return the error for elements beyond the nesting limit."""
        return DecodeError("message is nested deeper than the nesting limit; a larger Limits(nesting=...) reads it")

    def put(self, index: int, value: Any) -> None:
        """Write a copy of a struct of the class, or the fields of a mapping."""
        structs = self.kind
        place = structs.new(True)
        self.lay(place, index)
        structs.reset(place)
        structs.take(place, value, self.title)

    def fill(self, values: Any, where: str) -> None:
        """Write every element of a new list from a sequence of the same length; `where` is for errors."""
        structs = self.kind
        place = structs.new(True)
        at = 0
        for value in values:
            self.lay(place, at)
            structs.take(place, value, where)
            at += 1  # noqa: SIM113  (a machine number, compiled)

    def export(self) -> list[Any]:
        """Return the elements as dicts."""
        if self._depth <= 0 and self._length:
            raise self.too_deep()
        made: list[Any] = []
        structs = self.kind
        place = structs.new(False)
        for at in range(self._length):
            self.lay(place, at)
            made.append(structs.export_struct(place))
        return made

    def move(self, capacity: int) -> None:
        """Move to a place for `capacity` elements."""
        arena: BuilderArena = self._arena  # type: ignore[assignment]
        segment, start, count, step = self._segment, self._start, self._length, self._step_bits >> 3
        data_bytes, pointer_count = self._data_bytes, self._pointer_count
        holder, position = self._holder, self._position
        assert holder is not None
        # The elements move, so what they point to stays; only then may the old pointer be forgotten.
        if holder.u64s[position]:
            segment.u64s[(start >> 3) - 1] = 0
            arena.forget_pointer(holder, position)
        arena.init_struct_list(self, holder, position, capacity, data_bytes >> 3, pointer_count)
        for at in range(count):
            new = self._start + at * step
            old = start + at * step
            arena.move_contents(
                self._segment,
                new,
                (new + data_bytes) >> 3,
                segment,
                old,
                data_bytes,
                (old + data_bytes) >> 3,
                pointer_count,
            )

    def column(self, name: str, copy: bool = False) -> Column:
        """Return one number field of every element, as a strided buffer over the message's own memory.

        Args:
            name: the field's name in Python.
            copy: whether to collect the values in memory of their own, which any number or Bool field allows.

        Returns:
            A sequence that NumPy sees as an array, with `view()` and `tolist()`; it keeps the memory alive.

        Raises:
            AttributeError: there is no such field.
            ValueError: the field is no number; or, without `copy`, it is a Bool, has a default that is not zero, is a member of a union, or lies
                outside the elements. With `copy`, a member of a union that is not active in an element.
        """
        from caplet.runtime.columns import copy_column, make_column

        return copy_column(self, name) if copy else make_column(self, name)


class PointerList(List):
    """A list of texts, data, lists, capabilities or any pointers."""

    __slots__ = ("pointers",)

    pointers: PointerKind

    def set_kind(self, kind: Kind, writable: bool, holder: Segment | None, position: int) -> None:
        """Say what the elements are."""
        List.set_kind(self, kind, writable, holder, position)
        assert isinstance(kind, PointerKind)
        self.pointers = kind

    def item(self, index: int) -> Any:
        """Return what the pointer at `index` leads to."""
        return self.pointers.load(self._arena, self._segment, self.pointer_at(index), self._depth, self.writable)

    def pointer_at(self, index: int) -> int:
        """Return the word position of the pointer at `index`, which is behind the data when a newer schema made the elements structs."""
        return (self._start + (index * self._step_bits >> 3) + self._data_bytes) >> 3

    def export(self) -> list[Any]:
        """Return what the pointers lead to as plain Python."""
        start = (self._start + self._data_bytes) >> 3
        step = self._step_bits >> 6
        pointers = self.pointers
        return [
            pointers.export_at(self._arena, self._segment, start + at * step, self._depth) for at in range(self._length)
        ]

    def put(self, index: int, value: Any) -> None:
        """Make the pointer at `index` lead to `value`; None is null."""
        arena: BuilderArena = self._arena  # type: ignore[assignment]
        at = self.pointer_at(index)
        if value is None:
            arena.clear(self._segment, at)
        else:
            self.pointers.store(arena, self._segment, at, value, self.title)

    def move(self, capacity: int) -> None:
        """Move to a place for `capacity` elements."""
        arena: BuilderArena = self._arena  # type: ignore[assignment]
        segment, start, count = self._segment, self._start >> 3, self._length
        assert self._holder is not None
        arena.forget_pointer(self._holder, self._position)
        arena.init_list(self, self._holder, self._position, POINTER, capacity)
        for at in range(count):
            arena.move_pointer(self._segment, (self._start >> 3) + at, segment, start + at)


if COMPILED:
    set_buffer(ScalarList)  # type: ignore[name-defined]  # noqa: F821  (lists.pxd)
    set_pool()  # type: ignore[name-defined]  # noqa: F821  (lists.pxd)

_sequence: Any = Sequence
_sequence.register(List)
