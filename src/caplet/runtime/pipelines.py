"""Which members of a results struct can be used before the struct is there, and which structs may hold capabilities at all.

Knows how a member's place becomes a path of pointers. Does not know how it is used (`sent_calls.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from caplet.runtime.clients import Client
from caplet.runtime.kinds import AnyPointerKind, InterfaceKind
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.names import CALL_NAMES, avoid
from caplet.runtime.plans import GroupField, StructKind
from caplet.runtime.pointer_fields import PointerField
from caplet.runtime.sent_calls import PipelineMember

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caplet.runtime.kinds import Kind
    from caplet.runtime.structs import Struct

__all__ = ["can_hold_capabilities", "members_of"]


_holders: WeakKeyDictionary[type[Struct], bool] = WeakKeyDictionary()


def members_of(cls: type[Struct]) -> Mapping[str, PipelineMember]:
    """Return the members of `cls` that can be used before a struct of it is there, by their names in Python."""
    found: dict[str, PipelineMember] | None = cls.__dict__.get("_members")
    if found is None:
        found = {}
        for field_name, field in cls._fields.items():
            name = avoid(field_name, CALL_NAMES)
            if isinstance(field, GroupField):
                found[name] = PipelineMember((), Client, field.plan.struct)
            elif isinstance(field, PointerField):
                kind = field.kind
                if isinstance(kind, InterfaceKind):
                    found[name] = PipelineMember((field.index,), kind.client, None)
                elif isinstance(kind, StructKind):
                    found[name] = PipelineMember((field.index,), Client, kind.struct)
                elif isinstance(kind, AnyPointerKind):
                    found[name] = PipelineMember((field.index,), Client, None)
        cls._members = found
    return found


def can_hold_capabilities(cls: type[Struct]) -> bool:
    """Tell whether a capability may stand anywhere in a struct of `cls`."""
    found = _holders.get(cls)
    if found is None:
        found = _holders[cls] = _search(cls)
    return found


def _search(cls: type[Struct]) -> bool:
    """Look through the types that a struct of `cls` leads to, each once."""
    seen: set[type[Struct]] = set()
    waiting = [cls]
    while waiting:
        struct = waiting.pop()
        if struct in seen:
            continue
        seen.add(struct)
        for field in struct._fields.values():
            if isinstance(field, GroupField):
                waiting.append(field.plan.struct)
            elif isinstance(field, PointerField):
                kind: Kind = field.kind
                while isinstance(kind, ListKind):
                    kind = kind.element
                if isinstance(kind, StructKind):
                    waiting.append(kind.struct)
                elif isinstance(kind, InterfaceKind | AnyPointerKind):
                    return True
    return False
