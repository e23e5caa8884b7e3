"""Clients: references to objects, with a method for each method of their interface.

Knows how a call is built from Python arguments. Does not know where the object is: `cap` does.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar, overload

from caplet.cap.capability import NULL, Capability
from caplet.cap.handover import hand_over
from caplet.cap.hints import NO_PROMISE_PIPELINING, ONLY_PROMISE_PIPELINE, STREAMING
from caplet.cap.request import Request as CapRequest
from caplet.runtime.calls import Call, PipelineOnlyCall
from caplet.runtime.documentation import method_doc, method_signature
from caplet.runtime.interfaces import InterfacePlan, MethodPlan

if TYPE_CHECKING:
    from inspect import Signature
    from types import TracebackType

    from caplet.cap.turns import Turns
    from caplet.runtime.structs import Struct

__all__ = ["Client", "ClientMethod", "Request", "as_capability", "make_client_class"]

ClientType = TypeVar("ClientType", bound="Client")


class Client:
    """A reference to an object; generated classes add its methods.

    The object is released when the last reference goes, or at once by `close()` or `with`.
    """

    __slots__ = ("__weakref__", "_capability")

    _interface: ClassVar[InterfacePlan] = InterfacePlan(0, "Capability")

    def __init__(self, capability: Capability) -> None:
        self._capability = capability

    def __getattr__(self, name: str) -> object:
        """Explain an attribute that is not there.

        Raises:
            AttributeError: always; it names the nearest methods.
        """
        names = [plan.name for interface in self._interface.lineage() for plan in interface.methods]
        near = difflib.get_close_matches(name, names, 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise AttributeError(f"{type(self).__qualname__} has no method {name!r}{hint}", name=name, obj=self)

    @classmethod
    def _capability_of(cls, value: object, where: str) -> Capability | None:
        """Return the capability that a program's value stands for; `where` is for errors."""
        try:
            return as_capability(value, cls)
        except TypeError as error:
            raise TypeError(f"{where}: {error}") from None

    def cast_as(self, interface: type[ClientType]) -> ClientType:
        """Return a client of another interface for the same object; whether the object has it shows when it is called.

        Args:
            interface: the client class of that interface.
        """
        return interface(self._capability)

    def close(self) -> None:
        """Let go of the object at once; later calls by this client fail."""
        capability, self._capability = self._capability, NULL
        turns = capability.turns
        del capability
        if turns is not None and turns.host.is_here:
            turns.settle_drops()
            turns.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __eq__(self, other: object) -> bool:
        """Tell whether both refer to the same object, as far as is known now."""
        if isinstance(other, Client):
            return self._capability.current() is other._capability.current()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what a promise refers to changes

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: {self._capability.describe()}>"


class ClientMethod:
    # A method of a client class; reading it from a client gives something to call. What the schema says of it is its docstring.

    __slots__ = ("plan",)

    def __init__(self, plan: MethodPlan) -> None:
        self.plan = plan

    @overload
    def __get__(self, client: None, owner: type[Client]) -> ClientMethod: ...

    @overload
    def __get__(self, client: Client, owner: type[Client]) -> BoundMethod: ...

    def __get__(self, client: Client | None, owner: type[Client]) -> ClientMethod | BoundMethod:
        return self if client is None else BoundMethod(client._capability, self.plan)

    @property
    def __name__(self) -> str:
        return self.plan.name

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return method_doc(self.plan)

    @property
    def __signature__(self) -> Signature:
        return method_signature(self.plan, unbound=True)

    def __call__(self, client: Client, /, *args: object, **kwargs: object) -> Call[Struct]:
        """Send a call to `client` now; see `BoundMethod`."""
        return BoundMethod(client._capability, self.plan)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<method {self.plan}>"


class BoundMethod:
    # A method of one client: call it to send a call. What the schema says of it is its docstring.

    __slots__ = ("_capability", "_plan")

    def __init__(self, capability: Capability, plan: MethodPlan) -> None:
        self._capability = capability
        self._plan = plan

    def __call__(self, /, *args: object, **kwargs: object) -> Call[Struct]:
        """Send a call now.

        Args:
            args: params in the order in which the schema declares them.
            kwargs: params by name.

        Returns:
            The call: await it for the results, or use capabilities in them at once.

        Raises:
            RuntimeError: the client belongs to another event loop or thread.
            TypeError: a param that the method does not have, or a value of the wrong type; nothing is sent.
        """
        request = self.request()
        if args or kwargs:
            request.params._fill(args, kwargs)
        return request.send()

    def request(self, size_hint_words: int = 0) -> Request:
        """Return a request whose `params` are built in place and sent by `send()`.

        Args:
            size_hint_words: how large the params will be, in words; 0 when unknown.
        """
        plan = self._plan
        capability = self._capability
        turns = capability.turns
        if turns is not None and not turns.host.enter():
            built = CapRequest(capability, plan.interface_id, plan.method_id, size_hint_words)
            return HandedOverRequest(built, plan, turns)
        return Request(capability.new_request(plan.interface_id, plan.method_id, size_hint_words), plan)

    def __getitem__(self, types: object) -> BoundMethod:
        """Return the method with its own type parameters bound, as in `store.get[Person](key="x")`.

        Args:
            types: one type, or several: `str`, `bytes`, a class of a schema, or `list[...]` of these.

        Raises:
            TypeError: the method has more or fewer parameters, or an argument stands for no type.
        """
        return BoundMethod(self._capability, self._plan.bound_to(types))

    @property
    def __name__(self) -> str:
        return self._plan.name

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return method_doc(self._plan, signature=True)

    @property
    def __signature__(self) -> Signature:
        return method_signature(self._plan)

    def __repr__(self) -> str:
        return f"<method {self._plan} of {self._capability.describe()}>"


class Request:
    """A call that is being built.

    Made by `client.method.request()`.
    """

    __slots__ = ("_plan", "_request", "params")

    def __init__(self, request: CapRequest, plan: MethodPlan) -> None:
        self._request = request
        self._plan = plan
        self.params = plan.params._init(request.params)

    def send(self) -> Call[Struct]:
        """Send the call, once.

        Returns:
            The call: await it for the results, or use capabilities in them at once.

        Raises:
            Failed: it was sent already.
        """
        plan = self._plan
        request = self._request
        if plan.streaming:
            return Call(request.send_streaming(), plan)
        if not plan.results_hold_capabilities:
            request.hints |= NO_PROMISE_PIPELINING
        return Call(request.send(), plan)

    def pipeline_only(self) -> Call[Struct]:
        """Send the call for the sake of the capabilities in its results alone; it cannot be awaited."""
        return PipelineOnlyCall(self._request.send_pipeline_only(), self._plan)


class HandedOverRequest(Request):
    """A call that is being built in another thread than the one that will send it."""

    __slots__ = ("_turns",)

    def __init__(self, request: CapRequest, plan: MethodPlan, turns: Turns) -> None:
        super().__init__(request, plan)
        self._turns = turns

    def send(self) -> Call[Struct]:
        """Hand the call over to be sent, once."""
        plan = self._plan
        if plan.streaming:
            self._request.hints |= STREAMING
        elif not plan.results_hold_capabilities:
            self._request.hints |= NO_PROMISE_PIPELINING
        return Call(hand_over(self._request, self._turns), plan)

    def pipeline_only(self) -> Call[Struct]:
        """Hand the call over to be sent for the sake of the capabilities in its results alone; it cannot be awaited."""
        self._request.hints |= ONLY_PROMISE_PIPELINE
        return PipelineOnlyCall(hand_over(self._request, self._turns), self._plan)


def make_client_class(
    name: str, qualname: str, module: str, plan: InterfacePlan, bases: tuple[type[Client], ...]
) -> type[Client]:
    """Make the client class of an interface.

    Args:
        name: its name.
        qualname: its name with the scopes that it stands in.
        module: the name of its module.
        plan: the interface.
        bases: the client classes of the interfaces that it extends.
    """
    namespace: dict[str, object] = {
        "__slots__": (),
        "__module__": module,
        "__qualname__": qualname,
        "_interface": plan,
    }
    for method in plan.methods:
        namespace[method.name] = ClientMethod(method)
    return type(name, bases or (Client,), namespace)


def as_capability(value: object, interface: type[Client]) -> Capability | None:
    """Return the capability that a program's value stands for.

    Args:
        value: a client, a Server object, or None.
        interface: the client class of the interface that is expected.

    Raises:
        TypeError: it is something else, or of an interface that neither is the expected one nor extends it.
    """
    from caplet.runtime.servers import Server, capability_of  # servers stand on clients

    if value is None:
        return None
    expected = interface._interface
    if isinstance(value, Client):
        given = value._interface
        # A client without an interface may be anything.
        if given.id != expected.id and expected.id and given.id and not given.extends(expected.id):
            raise TypeError(
                f"a client of {given.display_name} has no interface {expected.display_name}; "
                "if its object has, say so by cast_as()"
            )
        return value._capability
    if isinstance(value, Server):
        if expected.id and not value._interface.extends(expected.id):
            raise TypeError(f"a Server of {value._interface.display_name} has no interface {expected.display_name}")
        return capability_of(value)
    raise TypeError(
        f"expected a client or Server of {interface._interface.display_name}, or None, not {type(value).__name__}"
    )
