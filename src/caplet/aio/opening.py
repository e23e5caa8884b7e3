"""Connections that this side opens: from an address, or from what a program has opened itself, to a transport.

Knows how each kind of address is opened. Does not know what messages mean.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections import deque
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from caplet.aio.addresses import Address
from caplet.aio.peers import address_of, peer_at
from caplet.aio.pipes import ChildProcess, open_stdio
from caplet.aio.transports.memory import connect_memory
from caplet.aio.transports.pair import PairTransport
from caplet.aio.transports.sockets import SocketTransport
from caplet.aio.transports.stream import StreamTransport, open_stream

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

    from caplet.aio.options import StreamOptions
    from caplet.aio.transports.base import Accept

__all__ = [
    "Place",
    "connect_tcp",
    "open_address",
    "open_place",
    "open_socket",
    "resolve",
    "tune",
    "watches_sockets",
]

# What may stand in the place of an address.
Place: TypeAlias = (
    "socket.socket | tuple[asyncio.StreamReader, asyncio.StreamWriter] | asyncio.Transport | ChildProcess"
)

# How long one address of a host may keep quiet before the next one is tried beside it (RFC 8305).
_NEXT_ADDRESS_S = 0.25
# When nothing was heard for so long the system asks whether the peer is still there; after so many questions it is not.
_KEEP_ALIVE_S = 60
_KEEP_ALIVE_QUESTIONS = 5
_KEEP_ALIVE_INTERVAL_S = 15

_CONNECTED = (0, errno.EISCONN)
_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK, errno.EINTR)
_TCP_OPTIONS = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (
            ("TCP_KEEPIDLE", _KEEP_ALIVE_S),
            ("TCP_KEEPINTVL", _KEEP_ALIVE_INTERVAL_S),
            ("TCP_KEEPCNT", _KEEP_ALIVE_QUESTIONS),
        )
        if hasattr(socket, name)
    ),
]
_SocketAddress: TypeAlias = "tuple[int, int, int, str, tuple[object, ...]]"


def watches_sockets(loop: asyncio.AbstractEventLoop) -> bool:
    """Tell whether a loop says when a socket can be read and written: all do but the one of Windows that reads and writes itself."""
    return type(loop).add_reader is not asyncio.AbstractEventLoop.add_reader


def begin(loop: asyncio.AbstractEventLoop, place: Address | Place) -> Attempt | None:
    """Begin to connect to an address that needs no more than one socket: TCP, and its host is written as a number.

    Returns:
        The attempt; it has succeeded already when the host is near. None where there is more to do.

    Raises:
        OSError: nobody listens there, or it cannot be reached.
    """
    if not isinstance(place, Address) or place.kind != "tcp" or not place.host or not watches_sockets(loop):
        return None
    try:
        places = _written_places(place.host, place.port, 0)
    except socket.gaierror:
        return None
    return Attempt(places[0]) if len(places) == 1 else None


async def open_place(
    loop: asyncio.AbstractEventLoop,
    place: Address | Place,
    accept: Accept,
    options: StreamOptions,
    attempt: Attempt | None = None,
) -> asyncio.Event | None:
    """Make a transport to an address, or of what is open already.

    Args:
        loop: the running loop.
        place: what a program said.
        accept: called with the transport.
        options: choices about the stream.
        attempt: what was begun already.

    Returns:
        An event to be set when the connection is over; None when nobody waits for it.

    Raises:
        OSError: nobody listens there, or it cannot be reached.
        TypeError: it is nothing to connect to.
    """
    if attempt is not None:
        await attempt.wait(loop)
        attempt.open(loop, str(place), accept, options)
    elif isinstance(place, Address):
        await open_address(loop, place, accept, options)
    elif isinstance(place, ChildProcess):
        return await place.open(loop, accept, options)
    elif isinstance(place, socket.socket):
        await open_socket(loop, place, accept, options)
    elif isinstance(place, tuple):
        if len(place) != 2 or not hasattr(place[0], "read") or not hasattr(place[1], "write"):
            raise TypeError(
                f"expected a StreamReader and a StreamWriter, not {place!r}; an address is text, such as 'tcp://127.0.0.1:5923'"
            )
        reader, writer = place
        name = address_of(writer.get_extra_info("peername"), _family_of(writer)) or "the peer"
        PairTransport(reader, writer, accept, options.make_framing(), name)
    else:
        if not hasattr(place, "set_protocol"):  # uvloop's transports are none by their class
            raise TypeError(
                "expected an address, a socket, an asyncio transport, a pair of streams or a ChildProcess, "
                f"not {type(place).__name__}"
            )
        protocol = StreamTransport(accept, options.make_framing())
        place.set_protocol(protocol)
        protocol.connection_made(place)
    return None


def _family_of(writer: asyncio.StreamWriter) -> int:
    """Return the family of the socket that a writer writes to; -1 when it is none."""
    sock = writer.get_extra_info("socket")
    return -1 if sock is None else int(sock.family)


async def open_address(
    loop: asyncio.AbstractEventLoop, address: Address, accept: Accept, options: StreamOptions
) -> None:
    """Open a connection.

    Args:
        loop: the running loop.
        address: where to.
        accept: called with the transport.
        options: choices about the stream.

    Raises:
        OSError: nobody listens there, or it cannot be reached.
    """
    if address.has_host and not address.host:
        # Who listens at every interface of this machine is here too.
        address = replace(address, host="localhost")
    kind = address.kind
    if kind == "memory":
        connect_memory(address.name, accept, options.limits)
    elif kind == "stdio":
        await open_stdio(loop, accept, options)
    elif kind == "fd":
        await open_socket(loop, socket.socket(fileno=os.dup(int(address.name))), accept, options)
    elif kind in ("ws", "wss"):
        from caplet.aio.transports.websocket import open_websocket

        await open_websocket(loop, await connect_tcp(loop, address.host, address.port), address, accept, options)
    elif address.has_host:
        sock = await connect_tcp(loop, address.host, address.port)
        await open_socket(loop, sock, accept, options, address)
    else:
        path = "\0" + address.name if kind == "unix-abstract" else address.name
        sock = await _connect_socket(loop, (socket.AF_UNIX, socket.SOCK_STREAM, 0, "", path))
        await open_socket(loop, sock, accept, options, address)


async def open_socket(
    loop: asyncio.AbstractEventLoop,
    sock: socket.socket,
    accept: Accept,
    options: StreamOptions,
    address: Address | None = None,
) -> None:
    """Make a transport of a connected socket, which belongs to it from then on.

    Args:
        loop: the running loop.
        sock: the socket.
        accept: called with the transport.
        options: choices about the stream.
        address: where it was connected to; None for a socket that was given or came in.
    """
    opened = "" if address is None else str(address)
    tls = None
    hostname = ""
    if address is not None and address.kind == "tls":
        tls, hostname = options.tls or default_tls(), options.server_hostname or address.host
    if tls is None and (watches_sockets(loop) or sock.family == getattr(socket, "AF_UNIX", None)):
        SocketTransport(loop, sock, accept, options.make_framing(), options.limits, opened)
        return
    sock.setblocking(False)
    kind = "tcp" if tls is None else "tls"

    def make_transport() -> StreamTransport:
        return StreamTransport(accept, options.make_framing(), kind, opened)

    await open_stream(loop, make_transport, sock, tls, hostname)


def default_tls() -> ssl.SSLContext:
    """Return the rules for servers that anybody may be: the system's authorities, and the name must be right."""
    import ssl

    return ssl.create_default_context()


def tune(sock: socket.socket) -> None:
    """Let a TCP socket send at once, and find out when its peer has vanished."""
    for level, option, value in _TCP_OPTIONS:
        sock.setsockopt(level, option, value)


# --- TCP ------------------------------------------------------------------------------------------------------------------------------


async def connect_tcp(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    """Connect to the first address of a host that answers; the next one is tried when one fails, or keeps quiet for a moment.

    Raises:
        OSError: the name is not known, or no address answers.
    """
    places = deque(in_turns(await resolve(loop, host, port)))
    if len(places) == 1:
        return await _connect_socket(loop, places[0])
    under_way: set[asyncio.Task[socket.socket]] = set()
    errors: list[BaseException] = []
    try:
        while places or under_way:
            if places:
                under_way.add(asyncio.ensure_future(_connect_socket(loop, places.popleft())))
            timeout_s = _NEXT_ADDRESS_S if places else None
            done, under_way = await asyncio.wait(under_way, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
            for attempt in done:
                error = attempt.exception()
                if error is None:
                    under_way |= done - {attempt}
                    return attempt.result()
                errors.append(error)
    finally:
        await _abandon(under_way)
    if len(errors) == 1:
        raise errors[0]
    raise OSError("; ".join(dict.fromkeys(str(error) for error in errors)))


async def _abandon(attempts: set[asyncio.Task[socket.socket]]) -> None:
    """Stop attempts to connect that nobody needs any more."""
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def resolve(loop: asyncio.AbstractEventLoop, host: str, port: int, flags: int = 0) -> list[_SocketAddress]:
    """Return the addresses of a host, or, when it is empty, of every interface; one that is written as a number is not looked up anywhere.

    Raises:
        OSError: the name is not known.
    """
    try:
        return list(_written_places(host, port, flags))
    except socket.gaierror:
        return _plain_places(await loop.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags))


@lru_cache(maxsize=64)
def _written_places(host: str, port: int, flags: int) -> list[_SocketAddress]:
    """Return the addresses of a host that is written as a number: always the same."""
    return _plain_places(
        socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=flags | socket.AI_NUMERICHOST)
    )


def _plain_places(found: Iterable[_SocketAddress]) -> list[_SocketAddress]:
    """Return addresses with plain numbers in them."""
    return [(int(family), int(kind), protocol, name, tuple(place)) for family, kind, protocol, name, place in found]


def in_turns(places: list[_SocketAddress]) -> Iterator[_SocketAddress]:
    """Yield addresses of the first family and of the others in turns, so that a family that leads nowhere costs one attempt."""
    first = [place for place in places if place[0] == places[0][0]]
    others = [place for place in places if place[0] != places[0][0]]
    for index in range(max(len(first), len(others))):
        yield from first[index : index + 1]
        yield from others[index : index + 1]


async def _connect_socket(
    loop: asyncio.AbstractEventLoop, place: tuple[int, int, int, str, tuple[object, ...] | str]
) -> socket.socket:
    """Connect a new socket to one address."""
    family, kind, protocol, _, where = place
    unix = family == getattr(socket, "AF_UNIX", None)
    if watches_sockets(loop) and not unix:
        # The loop would look up and ask much again.
        attempt = Attempt(place)
        await attempt.wait(loop)
        return attempt.sock
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        if not unix:
            tune(sock)
        await loop.sock_connect(sock, where)
    except BaseException:
        sock.close()
        raise
    return sock


class Attempt:
    """A new TCP socket that is being connected to one address, on a loop that watches sockets.

    Args:
        place: the address, as it was looked up.

    Raises:
        OSError: nobody listens there, or it cannot be reached.
    """

    __slots__ = ("_where", "connected", "sock")

    def __init__(self, place: tuple[int, int, int, str, tuple[object, ...] | str]) -> None:
        family, kind, protocol, _, self._where = place
        self.sock = socket.socket(family, kind, protocol)
        try:
            self.sock.setblocking(False)
            tune(self.sock)
            # A host that is near has answered by the time that the system is asked again: the loop need not go around for it.
            self.connected = self._connects() or self._connects()
        except BaseException:
            self.sock.close()
            raise

    def _connects(self) -> bool:
        """Ask the system for the connection; return whether there is one."""
        error = self.sock.connect_ex(self._where)
        if error not in _CONNECTED and error not in _UNDER_WAY:
            raise OSError(error, f"Connect call failed {self._where}")
        return error in _CONNECTED

    async def wait(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait until it is connected.

        Raises:
            OSError: nobody listens there, or it cannot be reached; the socket is closed then.
        """
        if self.connected:
            return
        waiter = loop.create_future()
        loop.add_writer(self.sock.fileno(), _set_once, waiter)
        try:
            try:
                await waiter
            finally:
                loop.remove_writer(self.sock.fileno())
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                raise OSError(error, f"Connect call failed {self._where}")
        except BaseException:
            self.sock.close()
            raise
        self.connected = True

    def open(self, loop: asyncio.AbstractEventLoop, address: str, accept: Accept, options: StreamOptions) -> None:
        """Make a transport of the connected socket, which belongs to it from then on.

        Args:
            loop: the running loop.
            address: what the peer is called.
            accept: called with the transport.
            options: choices about the stream.
        """
        peer = peer_at(address)
        SocketTransport(loop, self.sock, accept, options.make_framing(), options.limits, tcp_peer=peer)


def _set_once(waiter: asyncio.Future[None]) -> None:
    """Let go on who waits; the loop may call twice before that happens."""
    if not waiter.done():
        waiter.set_result(None)
