"""Pipes end one by one, and child programs do not always end by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any

import pytest

import caplet
from caplet.aio.driver import Link, running_vat
from caplet.aio.options import StreamOptions
from caplet.aio.pipes import open_pipes
from caplet.aio.transports import pair
from caplet.limits import DEFAULT_LIMITS

from ..conftest import schema

TIMEOUT_S = 60

pytestmark = pytest.mark.usefixtures("each_loop")


def test_a_peer_that_takes_nothing_more_fails_its_callers_though_it_keeps_the_other_pipe_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pair, "_FAREWELL_S", 0)

    async def main() -> None:
        (near_source, far_target), (far_source, near_target) = os.pipe(), os.pipe()
        links: list[Link] = []

        def accept(transport: Any) -> Link:
            links.append(Link(running_vat(), transport, None, DEFAULT_LIMITS))
            return links[0]

        loop = asyncio.get_running_loop()
        await open_pipes(loop, near_source, near_target, accept, StreamOptions(DEFAULT_LIMITS), "half a peer")
        call = schema.Echo(links[0].connection.bootstrap()).echo(number=1)
        os.close(far_source)
        with pytest.raises(caplet.Disconnected, match="half a peer takes nothing more"):
            await call
        await links[0].lost
        os.close(far_target)

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_closing_waits_for_the_end_of_a_child_and_one_that_ignores_that_it_is_terminated_is_killed() -> None:
    async def main() -> None:
        code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('no message', flush=True); time.sleep(600)"
        child = caplet.ChildProcess(sys.executable, "-c", code, stop_s=0)
        connection = await caplet.connect(child)
        await connection.wait_closed()  # by what it printed, once it ignored the signal
        await connection.close()
        assert child.pid is not None
        with pytest.raises(ProcessLookupError):
            os.kill(child.pid, 0)
        assert await child.wait() == -signal.SIGKILL

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
