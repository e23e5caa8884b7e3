"""The one event loop that `caplet.blocking` uses, in a thread of its own.

Knows that it starts on first use, ends with the program, and does not survive a fork. Does not know what is done in it.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import os
import threading
from typing import TYPE_CHECKING, TypeVar

from caplet.aio.driver import running_vat, shared_vats
from caplet.aio.farewells import wait_lost
from caplet.aio.workers import WorkerThreads
from caplet.errors import Disconnected

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from caplet.aio.driver import LoopVat

__all__ = ["Background", "background"]

Result = TypeVar("Result")

_log = logging.getLogger("caplet")

# How long connections may take to say goodbye when the program ends.
FAREWELL_S = 1.0

_lock = threading.Lock()
_running: list[Background] = []


class Background:
    """An event loop in a thread, and the vat in it."""

    def __init__(self) -> None:
        self._began = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caplet-loop", daemon=True)
        self.loop = asyncio.new_event_loop()
        self.owner: LoopVat
        self._thread.start()
        self._began.wait()

    def _run(self) -> None:
        """Run the loop until it is stopped."""
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._begin)
        try:
            while not self._runs_to_its_end():
                # What was answered before that has not been sent.
                self.loop.call_soon(self.owner.turn)
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    def _runs_to_its_end(self) -> bool:
        """Run the loop; return whether it was stopped, and did not break: every thread that waits for it would wait for ever."""
        try:
            self.loop.run_forever()
        except (KeyboardInterrupt, SystemExit) as error:
            _log.error("%s in the event loop of caplet.blocking, which goes on", type(error).__name__, exc_info=error)
            return False
        return True

    def _begin(self) -> None:
        """Make the vat, inside the loop."""
        self.owner = running_vat()
        self.owner.host.take_from_others(WorkerThreads())
        shared_vats[:] = [self.owner]
        self._began.set()

    def run(self, function: Callable[[], Result]) -> Result:
        """Call a function in the loop, and wait for what it returns or raises.

        Raises:
            RuntimeError: this is the loop's own thread.
        """
        self.owner.host.make_latch()
        return self.owner.host.run(function)

    def wait(self, make: Callable[[], Coroutine[object, object, Result]], timeout_s: float | None = None) -> Result:
        """Run a coroutine in the loop, and wait for what it returns or raises; what ends the waiting early cancels it.

        Args:
            make: makes the coroutine.
            timeout_s: how long to wait, in seconds; None for ever.

        Raises:
            RuntimeError: this is the loop's own thread.
            TimeoutError: the time is up.
        """
        self.owner.host.make_latch()
        future = asyncio.run_coroutine_threadsafe(make(), self.loop)
        try:
            return future.result(timeout_s)
        except BaseException:
            future.cancel()
            raise

    def end(self) -> None:
        """Say goodbye on every connection, and stop the loop."""
        self.owner.host.ended = True
        if self.loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self._say_goodbye(), self.loop)
        self._thread.join(2 * FAREWELL_S)

    async def _say_goodbye(self) -> None:
        """End every connection and every task, then the loop."""
        links = list(self.owner.links.values())
        for link in links:
            if link.connection.closed is None:
                link.connection.disconnect(Disconnected("the program ended"))
        self.owner.turn()
        await asyncio.gather(*(wait_lost(link, FAREWELL_S) for link in links))
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        self.loop.stop()


def background() -> Background:
    """Return the loop, started when this is its first use."""
    if _running:
        return _running[0]
    with _lock:
        if not _running:
            _running.append(Background())
    return _running[0]


def _end() -> None:
    """The program ends."""
    for one in _running:
        one.end()


def _forget() -> None:
    """This is the child of a fork: the thread of the loop is not here."""
    global _lock
    _lock = threading.Lock()
    for one in _running:
        one.owner.host.ended = True
    _running.clear()
    shared_vats.clear()


atexit.register(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
