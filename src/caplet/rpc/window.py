"""How many bytes of a stream may be under way: pure functions of time and size.

Knows no connection and no clock; both sides of every event are handed in.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEFAULT_WINDOW_BYTES", "AdaptiveWindow", "FixedWindow", "VariableWindow", "Window"]

DEFAULT_WINDOW_BYTES = 64 * 1024
ADAPTIVE_START_BYTES = 256 * 1024
ADAPTIVE_LARGEST_BYTES = 1 << 30

# Start-up ends when three rounds in a row bring less than a tenth more throughput.
PLATEAU_ROUNDS = 3
PLATEAU_FACTOR = 1.1
# How much larger than the estimate the window is, so that a link that becomes faster is noticed.
GROWTH_FACTOR = 1.25


class Window:
    """Says whether there is room for another message."""

    __slots__ = ()

    def sent(self, now_s: float, size_bytes: int) -> None:
        """A message was sent."""
        raise NotImplementedError

    def acked(self, now_s: float, size_bytes: int) -> None:
        """A message was answered."""
        raise NotImplementedError

    def has_room(self) -> bool:
        """Tell whether the next message may be sent."""
        raise NotImplementedError


class FixedWindow(Window):
    """A window of constant size.

    There is room when no more is under way than the largest message seen, or less than the window and one such message together; so a
    message larger than the window is sent alone instead of never.

    Args:
        window_bytes: the size.
    """

    __slots__ = ("in_flight_bytes", "largest_bytes", "window_bytes")

    def __init__(self, window_bytes: int = DEFAULT_WINDOW_BYTES) -> None:
        self.window_bytes = window_bytes
        self.in_flight_bytes = 0
        self.largest_bytes = 0

    def sent(self, now_s: float, size_bytes: int) -> None:
        """A message was sent."""
        self.in_flight_bytes += size_bytes
        if size_bytes > self.largest_bytes:
            self.largest_bytes = size_bytes

    def acked(self, now_s: float, size_bytes: int) -> None:
        """A message was answered."""
        self.in_flight_bytes -= size_bytes

    def has_room(self) -> bool:
        """Tell whether the next message may be sent."""
        in_flight = self.in_flight_bytes
        return in_flight <= self.largest_bytes or in_flight < self.window_bytes + self.largest_bytes


class VariableWindow(FixedWindow):
    """A window whose size somebody else knows.

    Args:
        size: asked for the size in bytes, for instance the send buffer of a socket, each time that what it said last leaves no room.
    """

    __slots__ = ("size",)

    def __init__(self, size: Callable[[], int]) -> None:
        super().__init__(0)
        self.size = size

    def has_room(self) -> bool:
        """Tell whether the next message may be sent."""
        # Not by `super()`, which compiled methods of this kind cannot use.
        if FixedWindow.has_room(self):
            return True
        self.window_bytes = self.size()
        return FixedWindow.has_room(self)


class AdaptiveWindow(Window):
    """A window that follows what the link can carry: bandwidth times the shortest round trip, and a little more.

    It is started small and doubled in each round trip until that brings no more throughput for three rounds. From then on it follows
    the estimate, by at most a quarter up and an eighth down in a round trip. It never shrinks while the sender had nothing to send.

    Args:
        start_bytes: the size to begin with.
        smallest_bytes: the size that it never goes below.
        largest_bytes: the size that it never goes above.
    """

    __slots__ = (
        "best_rate",
        "delivered_bytes",
        "flat_rounds",
        "in_flight_bytes",
        "largest_bytes",
        "largest_message_bytes",
        "limited_by_sender",
        "pending",
        "round_ends_at_bytes",
        "shortest_s",
        "smallest_bytes",
        "starting",
        "window_bytes",
    )

    def __init__(
        self,
        start_bytes: int = ADAPTIVE_START_BYTES,
        smallest_bytes: int = DEFAULT_WINDOW_BYTES,
        largest_bytes: int = ADAPTIVE_LARGEST_BYTES,
    ) -> None:
        self.window_bytes = start_bytes
        self.smallest_bytes = smallest_bytes
        self.largest_bytes = largest_bytes
        self.in_flight_bytes = 0
        self.largest_message_bytes = 0
        self.delivered_bytes = 0
        self.shortest_s = math.inf
        self.best_rate = 0.0
        self.flat_rounds = 0
        self.starting = True
        # Whether the window was ever full in this round; if not, the rate says nothing about the link.
        self.limited_by_sender = True
        # For each message under way: when it was sent, its size, and what had been delivered by then.
        self.pending: deque[tuple[float, int, int]] = deque()
        self.round_ends_at_bytes = 0

    def sent(self, now_s: float, size_bytes: int) -> None:
        """A message was sent."""
        self.in_flight_bytes += size_bytes
        self.largest_message_bytes = max(self.largest_message_bytes, size_bytes)
        self.pending.append((now_s, size_bytes, self.delivered_bytes))
        if not self.has_room():
            self.limited_by_sender = False

    def acked(self, now_s: float, size_bytes: int) -> None:
        """A message was answered; messages are answered in the order in which they were sent, or nearly."""
        self.in_flight_bytes -= size_bytes
        self.delivered_bytes += size_bytes
        if not self.pending:
            return
        sent_at_s, _, delivered_before = self.pending.popleft()
        elapsed_s = now_s - sent_at_s
        if elapsed_s <= 0:
            return
        self.shortest_s = min(self.shortest_s, elapsed_s)
        rate = (self.delivered_bytes - delivered_before) / elapsed_s
        if delivered_before >= self.round_ends_at_bytes:
            # The first answer to something sent in this round: a round trip is over.
            self.end_round(rate)
            self.round_ends_at_bytes = self.delivered_bytes

    def end_round(self, rate: float) -> None:
        """Adapt the window to the throughput of the last round trip.

        Args:
            rate: bytes a second.
        """
        limited = self.limited_by_sender
        self.limited_by_sender = self.has_room()
        if self.starting:
            if limited:
                return
            if rate >= self.best_rate * PLATEAU_FACTOR:
                self.best_rate = max(self.best_rate, rate)
                self.flat_rounds = 0
                self.resize(self.window_bytes * 2)
                return
            self.best_rate = max(self.best_rate, rate)
            self.flat_rounds += 1
            if self.flat_rounds < PLATEAU_ROUNDS:
                return
            self.starting = False
        wanted = rate * self.shortest_s * GROWTH_FACTOR
        if limited:
            wanted = max(wanted, self.window_bytes)
        self.resize(min(max(wanted, self.window_bytes * 7 / 8), self.window_bytes * 5 / 4))

    def resize(self, size_bytes: float) -> None:
        """Set the window within its bounds."""
        self.window_bytes = int(min(max(size_bytes, self.smallest_bytes), self.largest_bytes))

    def has_room(self) -> bool:
        """Tell whether the next message may be sent."""
        return self.in_flight_bytes < self.window_bytes + self.largest_message_bytes
