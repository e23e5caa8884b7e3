"""Membranes as programs use them: a policy class and two ways across.

Knows clients and how a call is shown to a policy. What crosses, and in which order, is `caplet.cap.membrane`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from caplet.cap.handover import in_vat
from caplet.cap.membrane import Membrane as Boundary
from caplet.errors import as_rpc_error
from caplet.runtime.clients import Client, check_kind
from caplet.runtime.interfaces import method_name
from caplet.runtime.references import as_capability

if TYPE_CHECKING:
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.membrane import Passage
    from caplet.runtime.servers import Server
    from caplet.wire.untyped import AnyPointer

__all__ = ["Membrane", "MembraneCall", "MembranePolicy"]

ClientType = TypeVar("ClientType", bound=Client)


class MembraneCall:
    """A call that is about to cross a membrane."""

    __slots__ = ("_call", "_passage")

    def __init__(self, passage: Passage, call: IncomingCall) -> None:
        self._passage = passage
        self._call = call

    @property
    def interface_id(self) -> int:
        """The 64-bit id of the interface that declares the method."""
        return self._call.interface_id

    @property
    def method_id(self) -> int:
        """The method's ordinal."""
        return self._call.method_id

    @property
    def name(self) -> str:
        """Interface and method as in the schema, such as `Greeter.greet`; their ids when this program has no class of the interface."""
        return method_name(self._call.interface_id, self._call.method_id)

    @property
    def params(self) -> AnyPointer:
        """The params, as the caller's side sees them; `params.as_(...)` gives them a type."""
        return self._call.params

    @property
    def target(self) -> Client:
        """The object that is called, as its own side sees it."""
        return Client(self._passage.target)

    @property
    def peer(self) -> object | None:
        """Who called, as the network knows it; None for calls from this process."""
        return self._call.peer

    def __repr__(self) -> str:
        return f"<call of {self.name} at a membrane>"


class MembranePolicy:
    """What a membrane does about calls; override what is to be different. The methods are ordinary functions, called in the order of the calls.

    A method returns None to let the call pass; or raises, and the call fails with that; or returns another object of the caller's side, which
    is called instead, and nothing of that call crosses.

    Attributes:
        passes_fds: whether file descriptors of objects can be seen through the membrane.
        resolves_first: whether a call of a promise is sent elsewhere only when it is known what the promise becomes: until then it waits, and
            then the policy is asked again, or not at all when the promise leads back to the caller's side.
    """

    passes_fds: bool = False
    resolves_first: bool = False

    def inbound(self, call: MembraneCall) -> Client | Server | None:
        """Decide about a call from the outside of an object inside."""
        return None

    def outbound(self, call: MembraneCall) -> Client | Server | None:
        """Decide about a call from the inside of an object outside."""
        return None


class Decisions:
    """A policy, as `cap` sees it."""

    def __init__(self, policy: MembranePolicy) -> None:
        self.policy = policy

    def decide(self, passage: Passage, call: IncomingCall) -> Capability | None:
        """Ask the policy."""
        shown = MembraneCall(passage, call)
        return as_capability(self.policy.inbound(shown) if passage.outward else self.policy.outbound(shown), Client)

    def passes_fds(self) -> bool:
        """Ask the policy."""
        return self.policy.passes_fds

    def resolves_first(self) -> bool:
        """Ask the policy."""
        return self.policy.resolves_first


class Membrane:
    """A boundary around objects: every call across it is put to a policy, and every capability that crosses it stays behind it.

    Args:
        policy: decides about calls.

    Raises:
        TypeError: it is no policy.
    """

    def __init__(self, policy: MembranePolicy) -> None:
        check_kind(policy, MembranePolicy, "an object of a class that extends caplet.MembranePolicy")
        self._boundary = Boundary(Decisions(policy))

    @property
    def revoked(self) -> bool:
        """Whether nothing crosses any more."""
        return self._boundary.reason is not None

    def to_outside(self, client: ClientType) -> ClientType:
        """Return a client for the outside, for an object inside; what came in by the membrane goes out as what it was.

        Args:
            client: a client of the inside.
        """
        return type(client)(self._boundary.cross(client._capability, True))

    def to_inside(self, client: ClientType) -> ClientType:
        """Return a client for the inside, for an object outside; what went out by the membrane comes in as what it was.

        Args:
            client: a client of the outside.
        """
        return type(client)(self._boundary.cross(client._capability, False))

    def revoke(self, error: BaseException | None = None) -> None:
        """Fail every call that is crossing, in both directions, and every later one. Only the first time counts.

        Args:
            error: what they fail with.
        """
        reason = None if error is None else as_rpc_error(error)
        turns = self._boundary.turns
        in_vat(turns, lambda: self._boundary.revoke(reason))
