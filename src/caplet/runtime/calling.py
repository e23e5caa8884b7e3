"""Calling methods of clients: how a call is built from Python arguments and sent.

Knows params and the hints that go with a call. Does not know where the object is (`cap` does), what a call gives its caller (`sent_calls.py`),
or what a method says of itself (`client_methods.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.cap.handover import hand_over
from caplet.cap.hints import ONLY_PROMISE_PIPELINE
from caplet.cap.request import Request as CapRequest
from caplet.runtime.calls import PipelineOnlyCall

if TYPE_CHECKING:
    from caplet.cap.capability import Capability
    from caplet.cap.turns import Turns
    from caplet.runtime.call_forms import CallForm
    from caplet.runtime.calls import Call
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.references import Reference
    from caplet.runtime.structs import Struct

__all__ = ["MethodBinder", "MethodCaller", "Request"]


class MethodBinder:
    """What binds a method to the client that it is read from.

    Args:
        plan: the method.
        bound: what is made for each client.
    """

    __slots__ = ("bound", "plan")

    def __init__(self, plan: MethodPlan, bound: type[MethodCaller]) -> None:
        self.plan = plan
        self.bound = bound

    def __get__(self, client: Any, owner: Any) -> Any:
        return self if client is None else self.bound_to(client)

    def bound_to(self, client: Reference) -> MethodCaller:
        """Return what calls the method of a client."""
        return self.bound(client._capability, self.plan)


class MethodCaller:
    """What calls a method of one client.

    Args:
        capability: what is called.
        plan: the method.
    """

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
        return self.send(args, kwargs)

    def send(self, args: tuple[object, ...], kwargs: dict[str, object]) -> Call[Struct]:
        """Send a call now; see `__call__`."""
        capability = self._capability
        turns = capability.turns
        if turns is not None and not turns.host.enter():
            built = self.request()
            built.params._fill(args, kwargs)
            return built.send()
        form: CallForm = self._plan.call_form
        request = capability.new_request(form.interface_id, form.method_id)
        params = form.params.init_at(request.params)
        if args or kwargs:
            # Nobody else holds the params: long bytes are sent from where they are.
            request.message.by_reference = True
            form.params.fill_in_order(params, args, kwargs)
        request.hints |= form.hints
        return form.call(request.send(), self._plan)

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


class Request:
    """A call that is being built.

    Made by `client.method.request()`.
    """

    __slots__ = ("_plan", "_request", "params")

    def __init__(self, request: CapRequest, plan: MethodPlan) -> None:
        self._request = request
        self._plan = plan
        self.params: Any = plan.call_form.params.init_at(request.params)

    def send(self) -> Call[Struct]:
        """Send the call, once.

        Returns:
            The call: await it for the results, or use capabilities in them at once.

        Raises:
            Failed: it was sent already.
        """
        plan = self._plan
        request = self._request
        form = plan.call_form
        request.hints |= form.hints
        return form.call(request.send(), plan)

    def pipeline_only(self) -> Call[Struct]:
        """Send the call for the sake of the capabilities in its results alone; it cannot be awaited."""
        return PipelineOnlyCall(self._request.send_pipeline_only(), self._plan)


class HandedOverRequest(Request):
    """A call that is being built in another thread than the one that will send it."""

    __slots__ = ("_turns",)

    def __init__(self, request: CapRequest, plan: MethodPlan, turns: Turns) -> None:
        Request.__init__(self, request, plan)
        self._turns = turns

    def send(self) -> Call[Struct]:
        """Hand the call over to be sent, once."""
        plan = self._plan
        form = plan.call_form
        self._request.hints |= form.hints
        return form.call(hand_over(self._request, self._turns), plan)

    def pipeline_only(self) -> Call[Struct]:
        """Hand the call over to be sent for the sake of the capabilities in its results alone; it cannot be awaited."""
        self._request.hints |= ONLY_PROMISE_PIPELINE
        return PipelineOnlyCall(hand_over(self._request, self._turns), self._plan)
