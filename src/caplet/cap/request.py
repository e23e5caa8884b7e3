"""A call that is being made: its target, method, and params, until it is sent.

Knows how params are built and that the target is looked at again when the request is sent. Does not know how a call travels: the target
does. A remote target hands out requests whose params already lie inside the outgoing message; `connection` says which it is for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.hints import ONLY_PROMISE_PIPELINE, STREAMING
from caplet.errors import Failed
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from caplet.cap.answer import Answer
    from caplet.cap.capability import Capability
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["DEFAULT_PARAMS_WORDS", "Request"]

DEFAULT_PARAMS_WORDS = 32


class Request:
    """A call that is being made.

    Args:
        target: the capability to call.
        interface_id: the 64-bit id of the interface that declares the method.
        method_id: the method's ordinal.
        size_hint_words: how large the params will be; 0 when unknown.
    """

    __slots__ = ("connection", "hints", "interface_id", "message", "method_id", "params", "target")

    message: MessageBuilder
    params: AnyPointerBuilder
    connection: object | None

    def __init__(self, target: Capability | None, interface_id: int, method_id: int, size_hint_words: int = 0) -> None:
        self.open(target, interface_id, method_id)
        self.message = MessageBuilder((size_hint_words or DEFAULT_PARAMS_WORDS) + 1)
        self.params = self.message.root

    def open(self, target: Capability | None, interface_id: int, method_id: int) -> None:
        """Begin without a place for the params, which whoever opens it gives."""
        self.target = target
        self.interface_id = interface_id
        self.method_id = method_id
        self.hints = 0
        self.connection = None

    def send(self) -> Answer:
        """Send it, once; the target is what the capability has become by now.

        Returns:
            The answer, which can be used at once for pipelined calls.

        Raises:
            Failed: it was sent before.
        """
        target = self.target
        if target is None:
            raise Failed("the request was sent already; a request is used once")
        self.target = None
        return target.current().send_request(self)

    def send_streaming(self) -> Answer:
        """Send it as a streaming call.

        Returns:
            An answer without results that is done as soon as the next call may be sent; it fails when the stream has failed.
        """
        self.hints |= STREAMING
        return self.send()

    def send_pipeline_only(self) -> Answer:
        """Send it for the sake of pipelined calls alone; the answer's result must not be asked for."""
        self.hints |= ONLY_PROMISE_PIPELINE
        return self.send()

    def discard(self) -> None:
        """Give the request up unsent."""
        self.target = None
