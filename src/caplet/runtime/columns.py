"""One number field of a list of structs, as a strided buffer over the message's own memory.

Knows what NumPy's array interface says; NumPy itself is never imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.runtime.fields import EnumField, FloatField, IntField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caplet.runtime.lists import StructList

__all__ = ["Column", "make_column"]


class Column:
    """The values of one number field over all elements of a list, in place.

    Args:
        memory: the list's elements; kept alive by this.
        first: byte offset of the first value in it.
        length: how many values there are.
        step: bytes from one value to the next.
        code: format letter of the values, as in `struct`.
        width: bytes of a value.
    """

    __slots__ = ("_code", "_first", "_length", "_memory", "_step", "_width")

    def __init__(self, memory: memoryview, first: int, length: int, step: int, code: str, width: int) -> None:
        self._memory = memory
        self._first = first
        self._length = length
        self._step = step
        self._code = code
        self._width = width

    def __len__(self) -> int:
        return self._length

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """How NumPy sees the column, over the message's own memory."""
        letter = "f" if self._code in "fd" else "u" if self._code.isupper() else "i"
        order = "<" if self._width > 1 else "|"
        return {
            "version": 3,
            "shape": (self._length,),
            "typestr": f"{order}{letter}{self._width}",
            "data": self._memory[self._first :],
            "strides": (self._step,),
        }

    def tolist(self) -> list[Any]:
        """Return the values as Python numbers."""
        return list(self)

    def __iter__(self) -> Iterator[Any]:
        at = self._first
        for _ in range(self._length):
            yield self._memory[at : at + self._width].cast(self._code)[0]  # type: ignore[call-overload]  # pyright: ignore
            at += self._step

    def __repr__(self) -> str:
        return f"<column of {self._length} values>"


def make_column(items: StructList, name: str) -> Column:
    """Return one number field of every element of a list of structs.

    Args:
        items: the list.
        name: the field's name in Python.

    Raises:
        AttributeError: there is no such field.
        ValueError: it cannot be seen in place; the text says why.
    """
    plan = items.structs
    field = plan.by_name.get(name)
    if field is None:
        raise AttributeError(plan.no_field(name))
    if not isinstance(field, IntField | FloatField | EnumField):
        raise ValueError(f"{field.where} is no number; [item.{name} for item in ...] reads it")
    if field.tag >= 0:
        raise ValueError(f"{field.where} is a member of a union, and need not be the active one in every element")
    if field.default:
        raise ValueError(f"{field.where} has a default that is not zero, so what lies in memory is not its value")
    if field.end > items._data_bytes and len(items):
        raise ValueError(f"{field.where} lies outside of these elements, which an older schema wrote")
    step = items._step_bits >> 3
    size = len(items) * step
    memory = items._segment.view[items._start : items._start + size]
    if not items.writable:
        memory = memory.toreadonly()
    return Column(memory, field.offset, len(items), step, field.kind.code, field.kind.width)
