"""Enums: classes of numbers with names, which keep numbers that the schema does not know.

Knows how a member is found by number and by name. Does not know messages.
"""

from __future__ import annotations

import difflib
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from caplet.runtime.names import enumerant_names, upper_case

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Enum", "make_enum"]


class Enum(IntEnum):
    """The base of enum classes.

    A number that the schema does not know, from a peer with a newer one, gives a member without a name of its own, which compares and
    travels as its number.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    @classmethod
    def _by_number(cls) -> tuple[Enum, ...]:
        """Return the members in the order of their numbers, which have no gaps."""
        return tuple(cls)

    @classmethod
    def _number_of(cls, name: str, where: str) -> int:
        """Return the number of the member called `name`, in Python or in the schema.

        Raises:
            ValueError: there is none.
        """
        member = cls.__members__.get(name) or cls.__members__.get(upper_case(name))
        if member is not None:
            return member.value
        if name.startswith("UNKNOWN_") and name[8:].isdigit() and int(name[8:]) <= 0xFFFF:
            return int(name[8:])
        near = difflib.get_close_matches(upper_case(name), list(cls.__members__), 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else f"; it has {', '.join(cls.__members__)}"
        raise ValueError(f"{where}: {cls.__qualname__} has no enumerant {name!r}{hint}")

    @property
    def schema_name(self) -> str | None:
        """The enumerant's name in the schema, None for a number that the schema does not know."""
        names: tuple[str, ...] = type(self).__dict__["_schema_names"]
        return names[self._value_] if self._value_ < len(names) else None

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}.{self._name_}"


def make_enum(name: str, qualname: str, module: str, schema_names: tuple[str, ...]) -> type[Enum]:
    """Make an enum class.

    Args:
        name: its name.
        qualname: its name with the scopes that it stands in.
        module: the name of its module.
        schema_names: its enumerants' names in the schema, by number.
    """
    members = [(python_name, number) for number, python_name in enumerate(enumerant_names(schema_names))]
    # The functional form of the enum module, which type checkers know for literal names only.
    make: Any = Enum
    made: Any = make(name, members, module=module, qualname=qualname) if members else _empty(name, qualname, module)
    made._schema_names = schema_names
    return made  # type: ignore[no-any-return]


def _empty(name: str, qualname: str, module: str) -> type[Enum]:
    """Make an enum class without members, which still holds numbers."""
    meta: Any = type(Enum)
    made: Any = meta(name, (Enum,), meta.__prepare__(name, (Enum,)))
    made.__module__ = module
    made.__qualname__ = qualname
    return made  # type: ignore[no-any-return]
