"""What a transport is, and what it talks to.

Knows the two interfaces and nothing about any way to travel. A transport moves whole messages in order; it decides nothing about them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from caplet.aio.peers import Peer
    from caplet.wire.buffers import Buffer, Segments
    from caplet.wire.message import MessageReader

__all__ = ["HIGH_WATER_BYTES", "LOW_WATER_BYTES", "NOBODY", "Accept", "Framing", "Nobody", "Receiver", "Transport"]

# Above the one a receiver hears that the transport is full, below the other that it has room again.
HIGH_WATER_BYTES = 64 * 1024
LOW_WATER_BYTES = 16 * 1024


class Receiver(Protocol):
    """Who takes what a transport receives; none of its methods may raise."""

    def receive_messages(self, messages: Sequence[MessageReader], fds: Mapping[int, list[int]] | None = None) -> None:
        """Take messages that arrived together, in order.

        Args:
            messages: the messages.
            fds: file descriptors that came with some of them, by the place of the message; the receiver owns them now.
        """
        ...

    def on_lost(self, error: BaseException | None) -> None:
        """Hear, once, that nothing more will arrive; a last word may still be sent until `close`.

        Args:
            error: why, or None when the peer ended the stream where a message ended.
        """
        ...

    def on_writable(self, writable: bool) -> None:
        """Hear that the transport's buffer is filled past its high mark, or drained below its low one."""
        ...


class Nobody:
    """The receiver of a transport whose end was told."""

    def receive_messages(self, messages: Sequence[MessageReader], fds: Mapping[int, list[int]] | None = None) -> None:
        """Take nothing."""

    def on_lost(self, error: BaseException | None) -> None:
        """Know it."""

    def on_writable(self, writable: bool) -> None:
        """Write nothing."""


NOBODY = Nobody()


class Transport(Protocol):
    """One connection to a peer that carries whole messages in order."""

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the system."""
        ...

    @property
    def peer(self) -> Peer:
        """Who is at the other end; as text, its address."""
        ...

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered: what the system takes of them before it makes us wait."""
        ...

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages; never waits, never raises, and does nothing once the transport is closed.

        Args:
            messages: the segments of each, in order; they must not change afterwards.
            fds: file descriptors that go with some of them, by the place of the message. They stay the caller's, who may close them
                when this returns. A transport that cannot pass any leaves them out.
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


class Framing(Protocol):
    """How messages lie in a stream of bytes; each stream has one of its own."""

    @property
    def pending_bytes(self) -> int:
        """How many bytes of a message that is not whole yet have arrived."""
        ...

    def feed(self, chunk: Buffer) -> list[MessageReader]:
        """Take bytes and return the messages that they complete."""
        ...

    def room(self) -> memoryview | None:
        """Return where the next bytes may be written instead of being fed; None when they must be fed."""
        ...

    def filled(self, size: int) -> list[MessageReader]:
        """Take note of bytes that were written into the room, and return the messages that they complete."""
        ...

    def frame(self, messages: Sequence[Segments]) -> list[memoryview | bytes]:
        """Return the buffers to write for messages."""
        ...


# Called once when a transport is open; returns who receives its messages.
Accept: TypeAlias = "Callable[[Transport], Receiver]"
