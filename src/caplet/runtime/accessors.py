"""The accessors beside fields: `has_x` and `init_x`.

Knows which fields can be absent or made anew. Does not know how a field is read or written (`fields.py`).
"""

from __future__ import annotations

from typing import Any

from caplet.runtime.fields import Field
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.pointer_fields import PointerField
from caplet.wire.views import StructReader

__all__ = ["HasField", "InitField", "Initializer"]


class HasField:
    """The attribute `has_x` of a struct: whether the pointer of `x` leads anywhere (and `x` is active, in a union).

    Args:
        field: the field `x`.
    """

    __slots__ = ("field",)

    def __init__(self, field: Field) -> None:
        self.field = field

    def __get__(self, obj: Any, owner: Any) -> Any:
        if obj is None:
            return self
        return self.field.is_set(obj)

    def __set__(self, obj: Any, value: Any) -> None:
        raise AttributeError(f"has_{self.field.name} follows from the field; set that instead")


class InitField:
    """The attribute `init_x` of a builder: a method that makes `x` anew.

    Args:
        field: the field `x`.
    """

    __slots__ = ("field",)

    def __init__(self, field: Field) -> None:
        self.field = field

    def __get__(self, obj: Any, owner: Any) -> Any:
        return self if obj is None else self.initializer(obj)

    def initializer(self, obj: StructReader) -> Initializer:
        """Return the method of `obj`."""
        made = Initializer.__new__(Initializer)
        made._owner = obj
        made._field = self.field
        return made


class Initializer:
    """What `init_x` of a builder is: call it to make the field anew."""

    __slots__ = ("_field", "_owner")

    _owner: StructReader
    _field: Field

    def __call__(self, length: int | None = None) -> Any:
        """Make the field anew and return it.

        Args:
            length: how many elements, of a list.

        Raises:
            TypeError: `length` is missing for a list, or given for something else.
        """
        return self.make(length)

    def make(self, length: int | None) -> Any:
        """Make the field anew; see `__call__`."""
        field = self._field
        owner = self._owner
        if not isinstance(field, PointerField):
            if length is not None:
                raise TypeError(f"{field.where} is no list and has no length")
            field.activate(owner)
            field.clear(owner)
            return field.read(owner)
        pointer = field
        if isinstance(pointer.kind, ListKind):
            if length is None:
                raise TypeError(f"{field.where} is a list; say how many elements it is to have")
            pointer.activate(owner)
            kind = pointer.kind
            return kind.init(owner._arena, owner._segment, pointer.position(owner), length)  # type: ignore[arg-type]
        if length is not None:
            raise TypeError(f"{field.where} is no list and has no length")
        pointer.activate(owner)
        pointer.clear(owner)
        return pointer.kind.load(owner._arena, owner._segment, pointer.position(owner), owner._depth, True)
