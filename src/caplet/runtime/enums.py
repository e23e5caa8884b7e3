"""Enums: classes of numbers with names, which keep numbers that the schema does not know.

Knows how a member is found by number and by name. Does not know messages.
"""

from __future__ import annotations

import difflib
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from caplet.runtime.names import enumerant_names, upper_case

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from caplet.runtime.names import Named

__all__ = ["Enum", "extend_enum", "make_enum"]


class Enum(IntEnum):
    """The base of enum classes.

    A number that the schema does not know, from a peer with a newer one, gives a member without a name of its own, which compares and
    travels as its number.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 0xFFFF:
            return None
        return cls._unknown(value)

    @classmethod
    def _unknown(cls, number: int) -> Self:
        """Return a number that the schema does not know; unlike a call of the class, also of an enum without members."""
        member = int.__new__(cls, number)
        member._name_ = f"UNKNOWN_{number}"
        member._value_ = number
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
        names: tuple[str, ...] = cls.__dict__["_schema_names"]
        if name in names:
            return names.index(name)
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


def make_enum(name: str, qualname: str, module: str, enumerants: Sequence[Named]) -> type[Enum]:
    """Make an enum class.

    Args:
        name: its name.
        qualname: its name with the scopes that it stands in.
        module: the name of its module.
        enumerants: its enumerants by number.
    """
    members = [(python_name, number) for number, python_name in enumerate(enumerant_names(enumerants))]
    # The functional form of the enum module, which type checkers know for literal names only.
    make: Any = Enum
    made: Any = make(name, members, module=module, qualname=qualname) if members else _empty(name, qualname, module)
    made._schema_names = tuple(enumerant.name for enumerant in enumerants)
    return made  # type: ignore[no-any-return]


def extend_enum(cls: Any, enumerants: Sequence[Named]) -> None:
    """Give an enum class the members that a newer version of its schema has, in the way in which the enum module keeps them.

    Args:
        cls: the class.
        enumerants: all enumerants by number; those that the class has stay what they are.
    """
    known = len(cls._schema_names)
    taken = list(cls.__members__)
    names = enumerant_names(enumerants)
    for number in range(known, len(names)):
        name = names[number]
        while name in taken:
            name += "_"
        taken.append(name)
        member = int.__new__(cls, number)
        member._name_ = name
        member._value_ = number
        member._sort_order_ = number
        cls._member_names_.append(name)
        cls._member_map_[name] = member
        cls._value2member_map_[number] = member
        type.__setattr__(cls, name, member)
    old: tuple[str, ...] = cls._schema_names
    cls._schema_names = old + tuple(enumerant.name for enumerant in enumerants[known:])


def _empty(name: str, qualname: str, module: str) -> type[Enum]:
    """Make an enum class without members, which still holds numbers."""
    meta: Any = type(Enum)
    made: Any = meta(name, (Enum,), meta.__prepare__(name, (Enum,)))
    made.__module__ = module
    made.__qualname__ = qualname
    return made  # type: ignore[no-any-return]
