"""Calls and pipelined capabilities that a thread makes which is not the vat's own.

Knows what can be made in any thread, because nobody else sees it yet, and what has to be handed over: `Host.post` keeps the order. Does not know
threads or loops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.local_call import LocalCall
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.answer import Answer, Path
    from caplet.cap.capability import Capability
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns

__all__ = ["hand_over", "in_vat", "pipeline_elsewhere"]


def in_vat(turns: Turns | None, function: Callable[[], object]) -> None:
    """Call a function where a vat lives, and wait until that has happened: things without a vat may be touched by anybody.

    Raises:
        RuntimeError: this is another thread or loop, and the vat does not take things from others.
    """
    if turns is None or turns.host.enter():
        function()
    else:
        turns.host.run(function)


def hand_over(request: Request, turns: Turns) -> Answer:
    """Send a request whose params lie in a message of its own; its hints say how.

    Args:
        request: the request; it is used up.
        turns: the turn queue of the target's vat.

    Raises:
        Failed: it was sent before.
    """
    target = request.target
    if target is None:
        raise Failed("the request was sent already; a request is used once")
    request.target = None
    call = LocalCall(turns, request)
    answer = call.answer()
    turns.host.post(Arriving(target, call).happen)
    return answer


def pipeline_elsewhere(answer: Answer, path: Path, turns: Turns) -> Capability:
    """Return the capability at `path` of an answer, for a thread that may not ask the answer itself."""
    promise = PromiseCapability(turns)
    turns.host.post(Pipelining(promise, answer, path).happen)
    return promise


class Arriving:
    """What is done with a call that was handed over."""

    __slots__ = ("call", "target")

    def __init__(self, target: Capability, call: LocalCall) -> None:
        self.target = target
        self.call = call

    def happen(self) -> None:
        """Deliver it."""
        self.target.current().deliver(self.call)


class Pipelining:
    """What is done for a capability that was taken from an answer elsewhere."""

    __slots__ = ("answer", "path", "promise")

    def __init__(self, promise: PromiseCapability, answer: Answer, path: Path) -> None:
        self.promise = promise
        self.answer = answer
        self.path = path

    def happen(self) -> None:
        """Take it."""
        self.promise.resolve(self.answer.pipeline(self.path))
