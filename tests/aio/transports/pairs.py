"""Both ends of a connection of every kind that there is."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from caplet.aio.addresses import parse_address
from caplet.aio.listening import listen
from caplet.aio.opening import open_place
from caplet.aio.options import StreamOptions

if TYPE_CHECKING:
    from caplet.aio.transports.base import Receiver, Transport
    from caplet.limits import Limits
    from caplet.testing.relay import Relay
    from caplet.testing.transports import OpenPair, Recorder


def pair_at(address: str, client: dict[str, Any] | None = None, **server: Any) -> OpenPair:
    """Return what makes connections to an address.

    Args:
        address: where to listen.
        client: choices of the client about the stream.
        server: choices of the server about the stream.
    """

    async def open_pair(
        near: Recorder, far: Receiver, limits: Limits, relay: Relay | None
    ) -> tuple[Transport, Transport]:
        loop = asyncio.get_running_loop()
        came: asyncio.Future[Transport] = loop.create_future()
        opened: list[Transport] = []

        def accept(transport: Transport) -> Receiver:
            came.set_result(transport)
            return far

        def take(transport: Transport) -> Receiver:
            opened.append(transport)
            return near

        listener = await listen(loop, parse_address(address), accept, StreamOptions(limits, **server))
        try:
            target = str(listener.address)
            if relay is not None:
                target = await relay.to(target)
            await open_place(loop, parse_address(target), take, StreamOptions(limits, **(client or {})))
            lost = asyncio.ensure_future(near.until(lambda: bool(near.lost)))
            await asyncio.wait([came, lost], return_when=asyncio.FIRST_COMPLETED)
            lost.cancel()
            if not came.done():
                opened[0].close()
                raise ConnectionError("it ended before it came in")
        finally:
            listener.close()
        return opened[0], came.result()

    return open_pair  # type: ignore[return-value]


async def open_place_pair(kind: str, near: Receiver, far: Receiver, limits: Limits) -> tuple[Transport, Transport]:
    """Make a connection of two things that are open already: sockets, pairs of streams, or asyncio transports."""
    loop = asyncio.get_running_loop()
    made: list[Transport] = []

    def accept(receiver: Receiver) -> Any:
        def take(transport: Transport) -> Receiver:
            made.append(transport)
            return receiver

        return take

    for sock, receiver in zip(socket.socketpair(), (near, far), strict=True):
        place: Any = sock
        if kind == "streams":
            place = await asyncio.open_unix_connection(sock=sock)
        elif kind == "asyncio transport":
            place, _ = await loop.create_unix_connection(asyncio.Protocol, sock=sock)
        await open_place(loop, place, accept(receiver), StreamOptions(limits))
    return made[0], made[1]
