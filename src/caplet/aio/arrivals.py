"""Connections that came in and are not open yet, as long as TLS or a WebSocket is being agreed on: how many there are, and how long they may take.

Knows who is arriving and how each of them is ended. Does not know how connections are opened, nor what becomes of them then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Arrivals"]

_LEAST_S = 0.001


class Arrivals:
    """The arrivals of one server. When there are too many, the one that has taken longest makes room: others need a moment only.

    Args:
        limit: how many there may be; None for any number.
        timeout_s: how long one may take, in seconds; None for as long as the libraries allow.
    """

    __slots__ = ("_ends", "_limit", "timeout_s")

    def __init__(self, limit: int | None = None, timeout_s: float | None = None) -> None:
        self._limit = limit
        # Libraries want some time.
        self.timeout_s = None if timeout_s is None else max(timeout_s, _LEAST_S)
        # How each is ended, the first that came first.
        self._ends: dict[object, Callable[[], object]] = {}

    def enter(self, arrival: object, end: Callable[[], object]) -> None:
        """Somebody is arriving, if that was not said before.

        Args:
            arrival: who.
            end: ends it.
        """
        if arrival in self._ends:
            return
        if self._limit is not None and len(self._ends) >= max(self._limit, 1):
            self._ends.pop(next(iter(self._ends)))()
        self._ends[arrival] = end

    def leave(self, arrival: object) -> None:
        """Somebody is open now, or will never be."""
        self._ends.pop(arrival, None)
