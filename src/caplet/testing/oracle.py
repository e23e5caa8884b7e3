"""The shadow oracle: for every reference a plain Python twin that knows at once what the reference leads to.

Knows what each call should reach and in which order, because its twin was resolved the moment somebody decided what it is, without any
messages. Wrong targets, wrong order, loss and duplication are seen when the real call is delivered.

Twins: `TwinObject` (a service), `TwinPromise` (made by a program), `TwinPath` (a capability in the results of a call).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

__all__ = ["CallRecord", "Reference", "Twin", "TwinObject", "TwinPath", "TwinPromise", "depends", "reached"]


@dataclass(eq=False)
class TwinObject:
    """An object; where references end."""

    name: str


@dataclass(eq=False)
class TwinPromise:
    """A promise made by a program."""

    name: str
    target: Twin | None = None
    broken: bool = False


@dataclass(eq=False)
class TwinPath:
    """A capability in the results of a call."""

    call: CallRecord
    index: int


Twin: TypeAlias = "TwinObject | TwinPromise | TwinPath"


@dataclass(eq=False)
class Reference:
    """A reference that one vat holds; calls on it must arrive in the order in which they were made."""

    twin: Twin
    made: int = 0
    arrived: int = 0


@dataclass(eq=False)
class CallRecord:
    """One call.

    Args:
        number: its number, which travels in its params.
        reference: what it was made on.
        sequence: its place among the calls on that reference.
        arguments: the twins of the capabilities in its params.
    """

    number: int
    reference: Reference
    sequence: int
    arguments: list[Twin | None]
    delivered: bool = False
    cancelled: bool = False
    failed: bool = False
    # What pipelined calls reach: known when it is answered, or before that by set_pipeline.
    results: list[Twin | None] | None = None
    tail: CallRecord | None = field(default=None)


def reached(twin: Twin | None) -> TwinObject | str:
    """Return the object that a twin leads to, "broken", or "pending" when nobody has decided yet."""
    while True:
        if twin is None:
            return "broken"
        if isinstance(twin, TwinObject):
            return twin
        if isinstance(twin, TwinPromise):
            if twin.broken:
                return "broken"
            if twin.target is None:
                return "pending"
            twin = twin.target
            continue
        call = twin.call
        while call.tail is not None and call.results is None:
            call = call.tail
        if call.results is not None:
            twin = call.results[twin.index] if twin.index < len(call.results) else None
            continue
        if call.failed:
            return "broken"
        ahead = reached(call.reference.twin) if not call.delivered else None
        return "broken" if ahead == "broken" else "pending"


def depends(twin: Twin | None, goal: object) -> bool:
    """Tell whether what a twin leads to has to wait for `goal`, a promise or a call."""
    while True:
        if twin is None or isinstance(twin, TwinObject):
            return False
        if isinstance(twin, TwinPromise):
            if twin is goal:
                return True
            if twin.target is None:
                return False
            twin = twin.target
            continue
        call = twin.call
        while True:
            if call is goal:
                return True
            if call.results is not None or call.tail is None:
                break
            call = call.tail
        if call.results is not None:
            twin = call.results[twin.index] if twin.index < len(call.results) else None
        elif call.delivered or call.failed:
            return False
        else:
            twin = call.reference.twin
