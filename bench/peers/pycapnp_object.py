"""A server of pycapnp that makes an object for each peer, and how its clients reach theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import capnp

__all__ = ["connect", "run", "serve_objects"]


def run(work: Coroutine[Any, Any, float | None]) -> float | None:
    """Run a coroutine in an event loop that pycapnp takes part in."""
    return asyncio.run(capnp.run(work))


async def serve_objects(make: Callable[[], Any]) -> None:
    """Listen at a free port, print it, and serve each peer an object of its own."""

    async def on_connection(stream: Any) -> None:
        await capnp.TwoPartyServer(stream, bootstrap=make()).on_disconnect()

    server = await capnp.AsyncIoStream.create_server(on_connection, "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


async def connect(port: int, interface: Any) -> tuple[Any, Any]:
    """Return a connection, which is open while it is kept, and the object at its other end."""
    stream = await capnp.AsyncIoStream.create_connection("127.0.0.1", port)
    client = capnp.TwoPartyClient(stream)
    return client, client.bootstrap().cast_as(interface)
