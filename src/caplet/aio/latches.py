"""What a thread waits at for something that happens in an event loop.

Knows threads. Does not know loops. Not compiled, so that whoever looks at a thread sees that it waits here.
"""

from __future__ import annotations

import threading

__all__ = ["ThreadLatch"]

# How long Ctrl-C may go unheard.
DEAF_S = 1.0


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
        if timeout_s is None and threading.get_ident() == threading.main_thread().ident:
            # A signal that comes between the last look for signals and the wait is not heard before the wait ends.
            while not self._lock.acquire(timeout=DEAF_S):
                pass
            return True
        return self._lock.acquire(timeout=-1 if timeout_s is None else max(timeout_s, 0))
