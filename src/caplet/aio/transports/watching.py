"""Watching sockets for what comes: cheap for the many that are quiet, direct for the few that are busy.

Knows the numbers of sockets and whom to tell. Does not know what is read.

asyncio keeps half a dozen objects for each socket that it watches, and takes longer to make them than a short conversation does. So, where the
system has epoll, the sockets of a loop of asyncio's are watched together by one epoll of our own, which the loop watches. A socket that is often
the only one with something to read would pay for that way around with a system call each time: it is given to the loop itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import threading
import weakref
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

__all__ = ["forget", "watch"]

# How often a socket is the only one with something to read before the loop watches it.
_TIMES_ALONE = 8
# The most sockets that are told of in one round of the loop; the system begins with others in the next one.
_SOCKETS_A_ROUND = 256

_watches: dict[int, weakref.ref[Watch]] = {}
_watches_lock = threading.Lock()


class Watched:
    """One socket: who is told, with which context variables, and how often it was alone."""

    __slots__ = ("callback", "context", "times_alone")

    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback = callback
        self.context: Context = copy_context()
        self.times_alone = 0


class Watch:
    """The quiet sockets of one loop. The loop alone keeps it, so that it ends with the loop.

    Args:
        loop: the running loop, which is one of asyncio's.
    """

    __slots__ = ("__weakref__", "_epoll", "_watched", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._epoll = select.epoll()
        self._watched: dict[int, Watched] = {}
        loop.add_reader(self._epoll.fileno(), self._on_events)

    def watch(self, number: int, callback: Callable[[], object]) -> None:
        """Tell somebody each time that a socket has something to read, or has ended."""
        self._epoll.register(number, select.EPOLLIN)
        self._watched[number] = Watched(callback)

    def forget(self, number: int) -> None:
        """Tell nobody of a socket any more."""
        if self._watched.pop(number, None) is None:
            self.loop.remove_reader(number)
            return
        # Somebody else may have closed it, and with that the system forgot it.
        with contextlib.suppress(OSError):
            self._epoll.unregister(number)

    def _on_events(self) -> None:
        """Tell of the sockets that have something to read."""
        watched = self._watched
        events = self._epoll.poll(0, _SOCKETS_A_ROUND)
        alone = len(events) == 1
        for number, _ in events:
            # One that was told before this one may have closed it.
            found = watched.get(number)
            if found is not None:
                if alone:
                    self._note_alone(number, found)
                self._tell(found)

    def _note_alone(self, number: int, found: Watched) -> None:
        """Give a socket to the loop when it is a busy one."""
        found.times_alone += 1
        if found.times_alone == _TIMES_ALONE:
            self.forget(number)
            found.context.run(self.loop.add_reader, number, found.callback)

    def _tell(self, found: Watched) -> None:
        """Tell who watches a socket; what is raised concerns no other, as in callbacks of the loop."""
        try:
            found.context.run(found.callback)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:
            self.loop.call_exception_handler({"message": f"Exception in callback {found.callback}", "exception": error})


def watch(loop: asyncio.AbstractEventLoop, number: int, callback: Callable[[], object]) -> None:
    """Tell somebody each time that a socket has something to read, or has ended.

    Args:
        loop: the running loop.
        number: the socket's; not its object, of which the loop would make a text that names both ends.
        callback: told so, with the context variables of the moment.
    """
    found = watch_of(loop) or new_watch(loop)
    if found is None:
        loop.add_reader(number, callback)
    else:
        found.watch(number, callback)


def forget(loop: asyncio.AbstractEventLoop, number: int) -> None:
    """Tell nobody of a socket any more; before it is closed.

    Args:
        loop: the loop.
        number: the socket's.
    """
    found = watch_of(loop)
    if found is None:
        loop.remove_reader(number)
    else:
        found.forget(number)


def watch_of(loop: asyncio.AbstractEventLoop) -> Watch | None:
    """Return the watch of a loop, if it has one."""
    reference = _watches.get(id(loop))
    found = None if reference is None else reference()
    return found if found is not None and found.loop is loop else None


def new_watch(loop: asyncio.AbstractEventLoop) -> Watch | None:
    """Return a new watch for a loop, and forget those of loops that have ended; None where the loop has to watch itself."""
    if not (isinstance(loop, asyncio.BaseEventLoop) and hasattr(select, "epoll")):
        # Other loops than asyncio's watch a socket at little cost.
        return None
    try:
        found = Watch(loop)
    except OSError:
        # No descriptor is left for it.
        return None
    with _watches_lock:
        for key in [key for key, other in _watches.items() if other() is None]:
            del _watches[key]
        _watches[id(loop)] = weakref.ref(found)
    return found
