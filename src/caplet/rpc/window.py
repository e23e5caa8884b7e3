"""How many bytes of a stream may be under way: pure functions of time and size.

Knows no connection and no clock; both sides of every event are handed in.
"""

from __future__ import annotations

from typing import Protocol

__all__ = ["DEFAULT_WINDOW_BYTES", "FixedWindow", "Window"]

DEFAULT_WINDOW_BYTES = 64 * 1024


class Window(Protocol):
    """Says whether there is room for another message."""

    def sent(self, now_s: float, size_bytes: int) -> None:
        """A message was sent."""
        ...

    def acked(self, now_s: float, size_bytes: int) -> None:
        """A message was answered."""
        ...

    def has_room(self) -> bool:
        """Tell whether the next message may be sent."""
        ...


class FixedWindow:
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
        self.largest_bytes = max(self.largest_bytes, size_bytes)

    def acked(self, now_s: float, size_bytes: int) -> None:
        """A message was answered."""
        self.in_flight_bytes -= size_bytes

    def has_room(self) -> bool:
        """Tell whether the next message may be sent."""
        in_flight = self.in_flight_bytes
        return in_flight <= self.largest_bytes or in_flight < self.window_bytes + self.largest_bytes
