"""The vats of a random run, as the fuzzer sees them: what each holds, has asked for, and has to answer.

Knows services that hold their calls, and membranes that let everything pass. Does not know the moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.capability import Capability
from caplet.cap.local import LocalCapability
from caplet.testing.oracle import Reference, TwinObject

if TYPE_CHECKING:
    from caplet.cap.answer import Answer
    from caplet.cap.call import IncomingCall
    from caplet.cap.membrane import Membrane, Passage
    from caplet.cap.promise import PromiseCapability
    from caplet.testing.fuzz import Fuzz
    from caplet.testing.oracle import CallRecord, TwinPromise
    from caplet.wire.untyped import AnyPointer

__all__ = ["MEMBRANES", "Actor", "Asked", "Held", "Object", "Running"]

MEMBRANES = 2


class Held:
    """A reference that a vat holds, and its twin."""

    def __init__(self, capability: Capability, reference: Reference) -> None:
        self.capability = capability
        self.reference = reference


class Asked:
    """A call that a vat has made."""

    def __init__(self, answer: Answer, record: CallRecord) -> None:
        self.answer = answer
        self.record = record
        # References to its results, pipelined or taken: the same one for the same place.
        self.paths: dict[int, Reference] = {}


class Running:
    """A call that a service of a vat holds."""

    def __init__(self, call: IncomingCall, record: CallRecord) -> None:
        self.call = call
        self.record = record
        self.promised: list[Held | None] | None = None


class Object:
    """A service that holds its calls."""

    def __init__(self, actor: Actor, name: str) -> None:
        self.actor = actor
        self.twin = TwinObject(name)

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return no flags."""
        return 0

    def dispatch(self, call: IncomingCall) -> None:
        """Compare the call with its twin."""
        try:
            self.actor.fuzz.arrived(self, call)
        except AssertionError as error:
            # An exception would only fail the call.
            self.actor.fuzz.problems.append(error)

    def released(self) -> None:
        """Nothing to do."""


class Open:
    """The policy of a membrane that lets everything pass: what is behind it is reached all the same, and in the same order."""

    def decide(self, passage: Passage, call: IncomingCall) -> Capability | None:
        """Let it pass."""
        return None

    def passes_fds(self) -> bool:
        """Show none."""
        return False

    def resolves_first(self) -> bool:
        """Nothing is sent elsewhere."""
        return False


class Actor:
    """One vat of the run."""

    def __init__(self, fuzz: Fuzz, name: str) -> None:
        self.fuzz = fuzz
        self.name = name
        self.held: list[Held] = []
        self.asked: list[Asked] = []
        self.running: list[Running] = []
        self.promises: list[tuple[PromiseCapability, TwinPromise]] = []
        self.membranes = [self.make_membrane() for _ in range(MEMBRANES)]
        self.root = self.make_object(f"{name}.root")
        # What other vats are given when they ask for the public object.
        self.public = self.root.capability

    def make_object(self, name: str) -> Held:
        """Return a reference to a new service."""
        service = Object(self, name)
        return Held(LocalCapability(service), Reference(service.twin))

    def make_membrane(self) -> Membrane:
        """Return a membrane; the run is told of references that it lets through as they are."""
        membrane = self.fuzz.membrane_class(Open())
        crossed = membrane.crossed

        def watched(content: AnyPointer, outward: bool) -> AnyPointer:
            seen = crossed(content, outward)
            if content.is_null:
                return seen
            for before, behind in zip(content._arena.capabilities, seen._arena.capabilities, strict=True):
                # What is broken is broken anew on the other side.
                kept = isinstance(behind, Capability) and behind.error is None
                if kept and isinstance(before, Capability) and behind is not membrane.cross(before, outward):
                    self.fuzz.problems.append(AssertionError("a reference crossed a membrane as it was (leak)"))
            return seen

        membrane.crossed = watched  # type: ignore[method-assign] # a method of this one object
        return membrane

    def bootstrap(self, peer: object) -> Capability:
        """Return what another vat is given."""
        return self.public

    def hold(self, capability: Capability | None, reference: Reference) -> None:
        """Keep a reference."""
        if capability is not None:
            self.held.append(Held(capability, reference))

    def pick(self, number: int) -> Held | None:
        """Return one of the references held, more often a recent one; or none."""
        if not self.held:
            return None
        if number % 4:
            return self.held[-1 - (number >> 2) % min(len(self.held), 5)]
        return self.held[(number >> 2) % len(self.held)]
