"""How sockets are opened: at once where the peer is near, and later where it is not."""

from __future__ import annotations

import asyncio
import errno
import socket

import pytest

import caplet
from caplet.aio.opening import connect_tcp

from .conftest import TIMEOUT_S


def full_listener() -> tuple[socket.socket, list[socket.socket]]:
    """Return a socket that listens and has no room for one more connection, and those that fill it."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers: list[socket.socket] = []
    while len(fillers) < 8:
        filler = socket.socket()
        filler.setblocking(False)
        fillers.append(filler)
        filler.connect_ex(listener.getsockname())
        if filler.connect_ex(listener.getsockname()) in (errno.EALREADY, errno.EINPROGRESS):
            break
    return listener, fillers


def test_a_connection_that_is_not_made_at_once_is_waited_for() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        listener, fillers = full_listener()
        with listener:
            listener.setblocking(False)
            came: list[socket.socket] = []
            loop.add_reader(listener, lambda: came.append(listener.accept()[0]))
            sock = await connect_tcp(loop, "127.0.0.1", listener.getsockname()[1])
            loop.remove_reader(listener)
            assert sock.getpeername() == listener.getsockname()
            for one in [sock, *fillers, *came]:
                one.close()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_opening_that_takes_too_long_leaves_nothing_open() -> None:
    async def main() -> None:
        listener, fillers = full_listener()
        with listener:
            with pytest.raises(caplet.Disconnected, match="no answer within"):
                await caplet.connect(f"tcp://127.0.0.1:{listener.getsockname()[1]}", timeout_s=0.05)
            for one in fillers:
                one.close()

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))


def test_a_connection_that_is_refused_says_by_whom() -> None:
    async def main() -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
            with pytest.raises(ConnectionRefusedError, match=str(port)):
                await connect_tcp(asyncio.get_running_loop(), "127.0.0.1", port)

    asyncio.run(asyncio.wait_for(main(), TIMEOUT_S))
