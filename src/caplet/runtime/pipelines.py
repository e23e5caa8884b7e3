"""Which members of a results struct can be used before the struct is there, and which structs may hold capabilities at all.

Knows how a member's place becomes a path of pointers. Does not know how a pipelined call travels: the answer does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from caplet.cap.handover import pipeline_elsewhere
from caplet.runtime.clients import Client
from caplet.runtime.kinds import AnyPointerKind, InterfaceKind
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.names import CALL_NAMES, avoid
from caplet.runtime.plans import GroupField, StructKind
from caplet.runtime.pointer_fields import PointerField
from caplet.runtime.sent_calls import Pipeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caplet.cap.answer import Answer
    from caplet.runtime.kinds import Kind
    from caplet.runtime.structs import Struct

__all__ = ["PipelineMember", "can_hold_capabilities", "members_of"]


class PipelineMember:
    """A member that can be used before its struct is there.

    Args:
        steps: the pointer that leads to it, none for a group.
        client: the client class, of a capability.
        struct: the class, of a struct or group.
    """

    __slots__ = ("client", "steps", "struct")

    def __init__(self, steps: tuple[int, ...], client: type[Client] | None, struct: type[Struct] | None) -> None:
        self.steps = steps
        self.client = client
        self.struct = struct

    def pipelined(self, answer: Answer, path: tuple[int, ...]) -> Client | Pipeline:
        """Return the member of the struct that `path` leads to in what `answer` will be."""
        here = path + self.steps
        if self.struct is not None:
            return Pipeline(answer, here, self.struct)
        turns = answer.state.turns
        if turns is not None and not turns.host.enter():
            return (self.client or Client)(pipeline_elsewhere(answer, here, turns))
        return (self.client or Client)(answer.pipeline(here))


_holders: WeakKeyDictionary[type[Struct], bool] = WeakKeyDictionary()


def members_of(cls: type[Struct]) -> Mapping[str, PipelineMember]:
    """Return the members of `cls` that can be used before a struct of it is there, by their names in Python."""
    found: dict[str, PipelineMember] | None = cls.__dict__.get("_members")
    if found is None:
        found = {}
        for field_name, field in cls._fields.items():
            name = avoid(field_name, CALL_NAMES)
            if isinstance(field, GroupField):
                found[name] = PipelineMember((), None, field.plan.struct)
            elif isinstance(field, PointerField):
                kind = field.kind
                if isinstance(kind, InterfaceKind):
                    found[name] = PipelineMember((field.index,), kind.client, None)
                elif isinstance(kind, StructKind):
                    found[name] = PipelineMember((field.index,), None, kind.struct)
                elif isinstance(kind, AnyPointerKind):
                    found[name] = PipelineMember((field.index,), None, None)
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
