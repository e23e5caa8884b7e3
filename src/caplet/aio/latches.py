"""What a thread waits at for something that happens in an event loop.

Knows threads. Does not know loops. Not compiled, so that whoever looks at a thread sees that it waits here.
"""

from __future__ import annotations

import threading

__all__ = ["ThreadLatch"]


class ThreadLatch:
    """Something that one thread waits for and another sets."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def set(self, outcome: object = None) -> None:
        """Let the thread go on; called once."""
        self._lock.release()

    def wait(self, timeout_s: float | None) -> bool:
        """Wait until it is set, at most so long."""
        return self._lock.acquire(timeout=-1 if timeout_s is None else max(timeout_s, 0))
