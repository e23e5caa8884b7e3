"""What a transport is, and what it talks to.

Knows the two interfaces and nothing about any way to travel. A transport moves whole messages in order; it decides nothing about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.wire.buffers import Buffer
    from caplet.wire.message import MessageReader

__all__ = ["Receiver", "Transport"]


class Receiver(Protocol):
    """Who takes what a transport receives; none of its methods may raise."""

    def receive_messages(self, messages: Sequence[MessageReader]) -> None:
        """Take messages that arrived together, in order."""
        ...

    def on_lost(self, error: BaseException | None) -> None:
        """Hear, once, that nothing more will arrive.

        Args:
            error: why, or None when the peer ended the stream where a message ended.
        """
        ...

    def on_writable(self, writable: bool) -> None:
        """Hear that the transport's buffer is filled past its high mark, or drained below its low one."""
        ...


class Transport(Protocol):
    """One connection to a peer that carries whole messages in order."""

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the system."""
        ...

    @property
    def peer_name(self) -> str:
        """Who is at the other end, as text for errors and logs."""
        ...

    def send(self, buffers: list[Buffer]) -> None:
        """Send frames; never waits, never raises, and does nothing once the transport is closed.

        Args:
            buffers: the pieces of one or more frames in order; they must not change afterwards.
        """
        ...

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`."""
        ...

    def resume_reading(self) -> None:
        """Receive again."""
        ...

    def close(self) -> None:
        """Send what is unsent, then end the connection; the receiver hears `on_lost`."""
        ...

    def abort(self) -> None:
        """End the connection at once; what is unsent is lost; the receiver hears `on_lost`."""
        ...
