"""Both ends of a connection of every kind that there is."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import TYPE_CHECKING, Any

from caplet.aio.addresses import parse_address
from caplet.aio.arrivals import Arrivals
from caplet.aio.listening import listen
from caplet.aio.opening import open_place
from caplet.aio.options import StreamOptions
from caplet.aio.pipes import ChildProcess, open_pipes

if TYPE_CHECKING:
    from pathlib import Path

    from caplet.aio.transports.base import Accept, Receiver, Transport
    from caplet.limits import Limits
    from caplet.testing.relay import Relay
    from caplet.testing.transport_ends import OpenPair


def pair_at(address: str, client: dict[str, Any] | None = None, **server: Any) -> OpenPair:
    """Return what makes connections to an address.

    Args:
        address: where to listen.
        client: choices of the client about the stream.
        server: choices of the server about the stream.
    """

    async def open_pair(
        near: Receiver, far: Receiver, limits: Limits, relay: Relay | None
    ) -> tuple[Transport, Transport]:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[Transport] = loop.create_future()
        watched = Watched(near)
        opened: list[Transport] = []

        def accept(transport: Transport) -> Receiver:
            came.set_result(transport)
            return far

        def take(transport: Transport) -> Receiver:
            opened.append(transport)
            return watched

        listener = await listen(loop, parse_address(address), accept, StreamOptions(limits, **server), Arrivals())
        try:
            target = str(listener.address)
            if relay is not None:
                target = await relay.to(target)
            await open_place(loop, parse_address(target), take, StreamOptions(limits, **(client or {})))
            await asyncio.wait([came, watched.lost], return_when=asyncio.FIRST_COMPLETED)
            if not came.done():
                opened[0].close()
                raise ConnectionError("it ended before it came in")
        finally:
            listener.close()
        return opened[0], came.result()

    return open_pair


class Watched:
    """A receiver that passes on what it is told, and lets somebody wait for the end."""

    def __init__(self, receiver: Receiver) -> None:
        self.receive_messages = receiver.receive_messages
        self.on_writable = receiver.on_writable
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._receiver = receiver

    def on_lost(self, error: BaseException | None) -> None:
        self._receiver.on_lost(error)
        self.lost.set_result(None)


def collector(made: dict[str, Transport], name: str, receiver: Receiver) -> Accept:
    """Return what notes a transport, and gives it its receiver."""

    def take(transport: Transport) -> Receiver:
        made[name] = transport
        return receiver

    return take


async def open_place_pair(
    kind: str, near: Receiver, far: Receiver, limits: Limits, relay: Relay | None
) -> tuple[Transport, Transport]:
    """Make a connection of two things that are open already: sockets, pairs of streams, or asyncio transports."""
    loop = asyncio.get_running_loop()
    made: dict[str, Transport] = {}
    sockets = socket.socketpair() if relay is None else await relay.between()
    for sock, name, receiver in zip(sockets, ("near", "far"), (near, far), strict=True):
        place: Any = sock
        if kind == "streams":
            place = await asyncio.open_unix_connection(sock=sock)
        elif kind == "asyncio transport":
            place, _ = await loop.create_unix_connection(asyncio.Protocol, sock=sock)
        await open_place(loop, place, collector(made, name, receiver), StreamOptions(limits))
    return made["near"], made["far"]


# Passes on what comes by standard input to a Unix socket, and back.
PASSING_CHILD = """
import os, socket, sys, threading
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
def send():
    try:
        while data := os.read(0, 65536):
            sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
threading.Thread(target=send, daemon=True).start()
try:
    while data := memoryview(sock.recv(65536)):
        while data:
            data = data[os.write(1, data):]
except OSError:
    pass
os._exit(0)
"""


# Those that were started, until somebody waited for their end.
children: list[ChildProcess] = []


async def wait_children() -> None:
    """Wait until every child has ended, by itself."""
    while children:
        assert await children.pop().wait() == 0


def child_pair(folder: Path) -> OpenPair:
    """Return what makes connections to a child program; the other end is in this process nevertheless, behind a Unix socket."""

    async def open_pair(
        near: Receiver, far: Receiver, limits: Limits, relay: Relay | None
    ) -> tuple[Transport, Transport]:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[None] = loop.create_future()
        made: dict[str, Transport] = {}
        watched = Watched(near)

        def accept(transport: Transport) -> Receiver:
            made["far"] = transport
            came.set_result(None)
            return far

        listener = await listen(loop, parse_address(f"unix:{folder}/s"), accept, StreamOptions(limits), Arrivals())
        try:
            target = str(listener.address) if relay is None else await relay.to(str(listener.address))
            path = target.removeprefix("unix:")
            child = ChildProcess(sys.executable, "-I", "-S", "-c", PASSING_CHILD, path)
            children.append(child)
            over = await open_place(loop, child, collector(made, "near", watched), StreamOptions(limits))
            assert over is not None
            watched.lost.add_done_callback(lambda _: over.set())
            await asyncio.wait([came, watched.lost], return_when=asyncio.FIRST_COMPLETED)
            if not came.done():
                made["near"].close()
                raise ConnectionError("it ended before it came in")
        finally:
            listener.close()
        return made["near"], made["far"]

    return open_pair


async def open_pipes_pair(
    near: Receiver, far: Receiver, limits: Limits, relay: Relay | None
) -> tuple[Transport, Transport]:
    """Make a connection over pipes, as that between a program and its child by standard input and output."""
    loop = asyncio.get_running_loop()
    made: dict[str, Transport] = {}
    if relay is None:
        (near_source, far_target), (far_source, near_target) = os.pipe(), os.pipe()
        pipes = (near_source, near_target), (far_source, far_target)
    else:
        pipes = await relay.pipes()
    for (source, target), name, receiver in zip(pipes, ("near", "far"), (near, far), strict=True):
        accept = collector(made, name, receiver)
        await open_pipes(loop, source, target, accept, StreamOptions(limits), "stdio:")
    return made["near"], made["far"]
