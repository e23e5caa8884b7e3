"""The two ends of a connection of the kind that is checked, and what they received.

Knows the interface of transports and nothing about any way to travel: `OpenPair` makes the two ends of a connection. Does not know what
is checked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from caplet.limits import Limits
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from caplet.aio.transports.base import Receiver, Transport
    from caplet.testing.relay import Relay
    from caplet.wire.message import MessageReader

__all__ = ["OpenPair", "Pair", "Recorder", "Transports", "content", "go_around", "make_message", "open_one"]

_ROUNDS = 50


class OpenPair(Protocol):
    """Makes a connection of the kind that is checked."""

    def __call__(
        self, near: Receiver, far: Receiver, limits: Limits, relay: Relay | None
    ) -> Awaitable[tuple[Transport, Transport]]:
        """Make a connection.

        Args:
            near: who receives at the first end.
            far: who receives at the other end.
            limits: for both ends.
            relay: when there is one, the connection must go through it: `await relay.to(address)` gives the address to connect to,
                `await relay.between()` two sockets that are connected by it, `await relay.pipes()` pipes.

        Returns:
            The transports of the near and of the far end.

        Raises:
            OSError: a relay cut it before it was open.
        """
        ...


@dataclass(frozen=True)
class Transports:
    """The kind of transport that is checked.

    Args:
        open_pair: makes connections.
        relayed: whether they can go through a relay; otherwise nothing is checked that needs bytes on the way.
        fds: whether file descriptors go with messages.
        cut_step: at every how many bytes of a conversation it is cut.
        opening_step: at every how many bytes of what goes before a conversation, such as a handshake, it is cut.
        large_bytes: how large a large message is.
    """

    open_pair: OpenPair
    relayed: bool = True
    fds: bool = False
    cut_step: int = 1
    opening_step: int = 1
    large_bytes: int = 1 << 20


class Recorder:
    """A receiver that notes what it is told."""

    def __init__(self) -> None:
        self.messages: list[list[bytes]] = []
        self.fds: dict[int, list[int]] = {}
        self.lost: list[BaseException | None] = []
        self.writable: list[bool] = []
        self._changed = asyncio.Event()

    def receive_messages(self, messages: Sequence[MessageReader], fds: Mapping[int, list[int]] | None = None) -> None:
        """Note messages."""
        assert not self.lost, "a message came behind the end"
        for place, brought in (fds or {}).items():
            self.fds[len(self.messages) + place] = brought
        self.messages += [[bytes(segment.view) for segment in message.segments] for message in messages]
        self._changed.set()

    def on_lost(self, error: BaseException | None) -> None:
        """Note the end."""
        self.lost.append(error)
        self._changed.set()

    def on_writable(self, writable: bool) -> None:
        """Note fullness."""
        assert not self.lost, "fullness was told behind the end"
        assert writable is (len(self.writable) % 2 == 1), "full and not full are told in turns, full first"
        self.writable.append(writable)
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something that was noted makes `condition` true."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def wait_messages(self, count: int) -> None:
        """Wait until so many messages have come."""
        await self.until(lambda: len(self.messages) == count)

    async def wait_lost(self) -> None:
        """Wait until the end was told."""
        await self.until(lambda: bool(self.lost))


class Pair:
    """The two ends of a connection, and what they received."""

    def __init__(self, near: Transport, far: Transport, near_side: Recorder, far_side: Recorder) -> None:
        self.near = near
        self.far = far
        self.near_side = near_side
        self.far_side = far_side

    def turned(self) -> Pair:
        """Return the same, seen from the other end."""
        return Pair(self.far, self.near, self.far_side, self.near_side)

    async def end(self) -> None:
        """End the connection as `Link` does: whoever hears of the end closes."""
        self.near.close()
        await self.far_side.wait_lost()
        self.far.close()
        await self.near_side.wait_lost()
        # A last word may be on its way to somebody who still has to take it, or to say that nobody does.
        while self.near.unsent_bytes or self.far.unsent_bytes:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await go_around()
        assert len(self.near_side.lost) == len(self.far_side.lost) == 1, "the end is told exactly once"


async def open_one(kind: Transports, limits: Limits | None = None, relay: Relay | None = None) -> Pair:
    """Make a connection."""
    near_side, far_side = Recorder(), Recorder()
    near, far = await kind.open_pair(near_side, far_side, limits or Limits(), relay)
    return Pair(near, far, near_side, far_side)


def make_message(number: int, size_bytes: int = 8, segments: int = 1) -> list[memoryview]:
    """Return the segments of a message.

    Args:
        number: what tells it from others.
        size_bytes: how large its content is, about.
        segments: over how many segments it is spread, at least.
    """
    message = MessageBuilder(max(2, size_bytes // 8 // segments), grow=False)
    root = message.root.init_struct(1, segments)
    root.set_u64(0, number)
    for index in range(segments):
        root.set_blob(index, bytes([number % 251]) * (size_bytes // segments))
    return message.output()


def content(message: Sequence[memoryview]) -> list[bytes]:
    """Return what a message should look like when it arrives."""
    return [bytes(segment) for segment in message]


async def go_around() -> None:
    """Let the loop do what it has to do already."""
    for _ in range(_ROUNDS):
        await asyncio.sleep(0)
