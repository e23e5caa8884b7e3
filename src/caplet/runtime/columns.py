"""One number field of a list of structs, as a strided buffer over the message's own memory, or collected in memory of its own.

Knows what NumPy's array interface says; NumPy itself is never imported.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from caplet.runtime.fields import BoolField, EnumField, Field, FloatField, IntField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caplet.runtime.lists import StructList

__all__ = ["Column", "copy_column", "make_column"]


class Column:
    """The values of one number field over all elements of a list, numbers of enumerants included.

    Args:
        memory: bytes that begin with the first value; kept alive by this.
        length: how many values there are.
        step: bytes from one value to the next, a multiple of `width`.
        code: format letter of the values, as in `struct`.
        width: bytes of a value.
    """

    __slots__ = ("_code", "_length", "_memory", "_step", "_width")

    def __init__(self, memory: memoryview, length: int, step: int, code: str, width: int) -> None:
        self._memory = memory
        self._length = length
        self._step = step
        self._code = code
        self._width = width

    def view(self) -> memoryview:
        """Return the values as a strided buffer over the same memory; read-only unless the message is being built."""
        size = len(self._memory) - len(self._memory) % self._width
        cast: Any = self._memory[:size].cast
        found: memoryview = cast(self._code)[:: self._step // self._width]
        return found[: self._length]

    def __buffer__(self, flags: int) -> memoryview:
        """Return what `memoryview(column)` shows, from Python 3.12 on."""
        return self.view()

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """How NumPy sees the column, over the same memory."""
        letter = {"f": "f", "d": "f", "?": "b"}.get(self._code, "u" if self._code.isupper() else "i")
        order = "<" if self._width > 1 else "|"
        return {
            "version": 3,
            "shape": (self._length,),
            "typestr": f"{order}{letter}{self._width}",
            "data": self._memory,
            "strides": (self._step,),
        }

    def tolist(self) -> list[Any]:
        """Return the values as Python numbers."""
        return self.view().tolist()

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: Any) -> Any:
        view: Any = self.view()
        return view[index].tolist() if isinstance(index, slice) else view[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.view().tolist())

    def __repr__(self) -> str:
        return f"<column of {self._length} values>"


def field_of(items: StructList, name: str) -> Field:
    """Return a field of the elements that is a number, an enum or a Bool.

    Raises:
        AttributeError: there is no such field.
        ValueError: it is something else.
    """
    plan = items.kind
    field = plan.by_name.get(name)
    if field is None:
        raise AttributeError(plan.no_field(name))
    if not isinstance(field, IntField | FloatField | EnumField | BoolField):
        raise ValueError(f"{field.where} is no number; [item.{name} for item in ...] reads it")
    return field


def make_column(items: StructList, name: str) -> Column:
    """Return one number field of every element of a list of structs, in place.

    Args:
        items: the list.
        name: the field's name in Python.

    Raises:
        AttributeError: there is no such field.
        ValueError: it cannot be seen in place; the text says why.
    """
    field = field_of(items, name)
    hint = "; column(..., copy=True) collects the values"
    if not isinstance(field, IntField | FloatField | EnumField):
        raise ValueError(f"{field.where} is a Bool, and bits cannot be seen as an array{hint}")
    if field.tag >= 0:
        raise ValueError(f"{field.where} is a member of a union, and need not be the active one in every element")
    if field.default:
        raise ValueError(f"{field.where} has a default that is not zero, so what lies in memory is not its value{hint}")
    if field.end > items._data_bytes and len(items):
        raise ValueError(f"{field.where} lies outside of these elements, which an older schema wrote{hint}")
    step = items._step_bits >> 3
    size = len(items) * step
    if size and step % field.kind.width:
        raise ValueError(
            f"these elements are {step} bytes each, which no array of numbers of {field.kind.width} bytes is{hint}"
        )
    start = items._start + field.offset
    memory = items._segment.view[start : items._start + size] if size else memoryview(b"")
    if not items.writable:
        memory = memory.toreadonly()
    return Column(memory, len(items), step or field.kind.width, field.kind.code, field.kind.width)


def copy_column(items: StructList, name: str) -> Column:
    """Return one number or Bool field of every element of a list of structs, in memory of its own.

    Args:
        items: the list.
        name: the field's name in Python.

    Raises:
        AttributeError: there is no such field.
        ValueError: it is no number, or a member of a union that is not active in every element.
    """
    field = field_of(items, name)
    place = items.kind.new(False)
    values: list[Any] = []
    for at in range(len(items)):
        items.lay(place, at)
        values.append(field.read(place))
    if isinstance(field, BoolField):
        return Column(memoryview(bytes(values)).cast("?").cast("B"), len(values), 1, "?", 1)
    assert isinstance(field, IntField | FloatField | EnumField)
    memory: Any = memoryview(array(field.kind.code, values)).cast("B")
    return Column(memory, len(values), field.kind.width, field.kind.code, field.kind.width)


_sequence: Any = Sequence
_sequence.register(Column)
