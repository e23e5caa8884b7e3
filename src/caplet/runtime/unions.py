"""Which member of a union is the active one.

Knows the tag. Does not know the members' values.
"""

from __future__ import annotations

from typing import Any, Self

from caplet.wire.views import StructReader

__all__ = ["UnknownMember", "Which"]


class UnknownMember(str):
    """The active member of a union when the schema does not know it; equal to no member's name.

    Slots: `tag` its number.
    """

    tag: int

    def __new__(cls, tag: int) -> Self:
        made = str.__new__(cls, f"unknown member {tag}")
        made.tag = tag
        return made


class Which:
    """The attribute `which` of a struct with a union: the name of the active member.

    Args:
        members: the members' names in Python, by number.
        tag_index: where the tag is, in 16-bit units of the data section.
    """

    __slots__ = ("members", "tag_index")

    def __init__(self, members: tuple[str, ...], tag_index: int) -> None:
        self.members = members
        self.tag_index = tag_index

    def __get__(self, obj: Any, owner: Any) -> Any:
        if obj is None:
            return self
        return self.read(obj)

    def __set__(self, obj: Any, value: Any) -> None:
        raise AttributeError("`which` follows from the member that is set last; set a member instead")

    def read(self, obj: StructReader) -> str:
        """Return the name of the active member."""
        offset = self.tag_index << 1
        tag = 0 if offset + 2 > obj._data_bytes else obj._segment.u16s[(obj._data + offset) >> 1]
        return self.members[tag] if tag < len(self.members) else UnknownMember(tag)
