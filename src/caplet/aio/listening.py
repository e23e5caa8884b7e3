"""Connections that come in: from an address to a listener that makes a transport of each.

Knows how each kind of address is listened at. Does not know what messages mean, nor which peers are welcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import socket
import stat
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol

from caplet.aio.opening import open_address, resolve, tune, watches_sockets
from caplet.aio.peers import Peer, address_of
from caplet.aio.transports.memory import MemoryListener
from caplet.aio.transports.sockets import SocketTransport
from caplet.aio.transports.stream import StreamTransport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from caplet.aio.addresses import Address
    from caplet.aio.arrivals import Arrivals
    from caplet.aio.options import StreamOptions
    from caplet.aio.transports.base import Accept

__all__ = ["Listener", "listen"]

_log = logging.getLogger("caplet")

_BACKLOG = 1024
# How many connections are accepted before the loop looks at the others.
_ACCEPTS_A_ROUND = 64
# When the system has no descriptor or memory left for a connection, the next attempt is made so much later.
_PAUSE_S = 1.0
# Linux gives a socket that comes in the options of the listening one: five system calls less for each.
_OPTIONS_ARE_INHERITED = sys.platform.startswith("linux")
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Listener(Protocol):
    """Something that is listening."""

    @property
    def address(self) -> Address:
        """Where; for port 0, with the port that the system chose."""
        ...

    def close(self) -> None:
        """Stop listening; connections that were made go on."""
        ...


async def listen(
    loop: asyncio.AbstractEventLoop, address: Address, accept: Accept, options: StreamOptions, arrivals: Arrivals
) -> Listener:
    """Listen at an address.

    Args:
        loop: the running loop.
        address: where.
        accept: called with the transport of each connection.
        options: choices about the streams.
        arrivals: is told of connections that are not open at once.

    Raises:
        OSError: the address is in use, or cannot be listened at; the text says which address.
        ValueError: TLS is asked for and there is no certificate.
    """
    if address.kind in ("tls", "wss") and options.tls is None:
        raise ValueError(f"{address} needs tls=, an ssl.SSLContext with the certificate of the server")
    try:
        if address.kind == "memory":
            return OneListener(address, MemoryListener(address.name, accept, options.limits).close)
        if address.kind in ("stdio", "fd"):
            # There is one peer, and it is connected already.
            await open_address(loop, address, accept, options)
            return OneListener(address, lambda: None)
        if not address.has_host:
            return listen_unix(loop, address, accept, options)
        return await listen_tcp(loop, address, accept, options, arrivals)
    except OSError as error:
        raise OSError(error.errno, f"cannot listen at {address}: {error.strerror or error}") from error


class OneListener:
    """A listener that is little more than its address."""

    def __init__(self, address: Address, close: Callable[[], None]) -> None:
        self.address = address
        self._close = close

    def close(self) -> None:
        """Stop listening."""
        self._close()


# --- Unix sockets ---------------------------------------------------------------------------------------------------------------------


def listen_unix(loop: asyncio.AbstractEventLoop, address: Address, accept: Accept, options: StreamOptions) -> Listener:
    """Listen at a Unix socket."""
    path = "\0" + address.name if address.kind == "unix-abstract" else address.name
    if address.kind == "unix":
        remove_stale_socket(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise

    def take(came: socket.socket, where: object) -> None:
        SocketTransport(loop, came, accept, options.make_framing(), options.limits)

    accepting = SocketListener(loop, sock, take)

    def close() -> None:
        accepting.close()
        if address.kind == "unix":
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)

    return OneListener(address, close)


def remove_stale_socket(path: str) -> None:
    """Remove a socket file at which nobody listens any more; one that is in use stays, and any other file."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            return
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            os.unlink(path)
        except OSError:
            return


# --- TCP ------------------------------------------------------------------------------------------------------------------------------


async def listen_tcp(
    loop: asyncio.AbstractEventLoop, address: Address, accept: Accept, options: StreamOptions, arrivals: Arrivals
) -> Listener:
    """Listen at a TCP port, of every interface when the address has no host."""
    sockets = await bind_tcp(loop, address)
    listeners: list[Closable] = []
    try:
        for sock in sockets:
            listeners += [await listen_socket(loop, sock, address, accept, options, arrivals)]
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    port = sockets[0].getsockname()[1]

    def close() -> None:
        for listener in listeners:
            listener.close()

    return OneListener(replace(address, port=port), close)


class Closable(Protocol):
    """What listens at one socket."""

    def close(self) -> None: ...


async def listen_socket(
    loop: asyncio.AbstractEventLoop,
    sock: socket.socket,
    address: Address,
    accept: Accept,
    options: StreamOptions,
    arrivals: Arrivals,
) -> Closable:
    """Listen at a socket that is bound."""
    kind = address.kind
    if kind == "tcp" and watches_sockets(loop):
        family = sock.family

        def take(came: socket.socket, where: object) -> None:
            tune_accepted(came)
            peer = Peer(address_of(where, family))
            SocketTransport(loop, came, accept, options.make_framing(), options.limits, tcp_peer=peer)

        return SocketListener(loop, sock, take)

    def make_stream() -> asyncio.BaseProtocol:
        return StreamTransport(accept, options.make_framing(), kind)

    make_protocol: Callable[[], asyncio.BaseProtocol] = make_stream
    if kind in ("ws", "wss"):
        from caplet.aio.transports.websocket import websocket_server

        make_protocol = websocket_server(accept, address, options, arrivals)
    tls = options.tls if kind in ("tls", "wss") else None
    if not isinstance(loop, asyncio.SelectorEventLoop):
        # uvloop's own server, not its connect_accepted_socket, which may close the number of a socket that ends while it opens twice.
        timeout_s = None if tls is None else arrivals.timeout_s
        return await loop.create_server(
            make_protocol, sock=sock, backlog=_BACKLOG, ssl=tls, ssl_handshake_timeout=timeout_s
        )
    # Not by create_server: out of descriptors, asyncio's makes as many attempts at once as the queue is long, and tells of each.
    return SocketListener(loop, sock, Welcome(loop, make_protocol, tls, arrivals).take)


class Welcome:
    """Gives connected sockets to the transports of the loop.

    Args:
        loop: the running loop.
        make_protocol: makes what talks to the transport of each.
        tls: the rules for TLS; None for none.
        arrivals: is told of each until it is open.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        make_protocol: Callable[[], asyncio.BaseProtocol],
        tls: ssl.SSLContext | None,
        arrivals: Arrivals,
    ) -> None:
        self._loop = loop
        self._make_protocol = make_protocol
        self._tls = tls
        self._arrivals = arrivals
        self._opening: set[asyncio.Task[None]] = set()

    def take(self, came: socket.socket, where: object) -> None:
        """Begin to open a connection that came in."""
        tune_accepted(came)
        came.setblocking(False)
        opening = self._loop.create_task(self._open(came))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    async def _open(self, came: socket.socket) -> None:
        """Open a connection; one that fails, as when a certificate is refused, concerns nobody else."""
        arrivals, tls = self._arrivals, self._tls
        protocol = self._make_protocol()
        timeout_s = None
        if tls is not None:
            arrivals.enter(protocol, partial(cut, came))
            timeout_s = arrivals.timeout_s
        try:
            await self._loop.connect_accepted_socket(lambda: protocol, came, ssl=tls, ssl_handshake_timeout=timeout_s)
        except OSError as error:
            _log.debug("a connection ended before it was open: %s", error)
            arrivals.leave(protocol)
            came.close()


def cut(sock: socket.socket) -> None:
    """End a connection whose socket belongs to somebody else, who hears of it."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def tune_accepted(sock: socket.socket) -> None:
    """Tune a socket that came in, where it has not the options of the one that it came in by."""
    if not _OPTIONS_ARE_INHERITED:
        tune(sock)


async def bind_tcp(loop: asyncio.AbstractEventLoop, address: Address) -> list[socket.socket]:
    """Return sockets that listen at the address: one for each address of its host, all at the same port."""
    places = await resolve(loop, address.host, address.port, socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    port = address.port
    try:
        for family, kind, protocol, _, place in dict.fromkeys(places):
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError:
                # The system knows addresses of a family that it does not speak.
                continue
            sockets.append(sock)
            if os.name == "posix":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tune(sock)
            sock.bind((place[0], port, *place[2:]))
            sock.setblocking(False)
            port = sock.getsockname()[1]
            sock.listen(_BACKLOG)
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    if not sockets:
        raise OSError("no address to listen at")
    return sockets


class SocketListener:
    """Accepts the connections of one socket.

    Args:
        loop: the running loop.
        sock: the socket, listening; owned.
        take: called with each connected socket, which it owns, and where it comes from.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, sock: socket.socket, take: Callable[[socket.socket, object], None]
    ) -> None:
        sock.setblocking(False)
        self._loop = loop
        self._sock = sock
        self._take = take
        self._pause: asyncio.TimerHandle | None = None
        loop.add_reader(sock, self._on_readable)

    def _on_readable(self) -> None:
        """Accept what waits."""
        for _ in range(_ACCEPTS_A_ROUND):
            try:
                came, where = self._sock.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                _log.error("no connection is accepted for %g s: %s", _PAUSE_S, error)
                self._loop.remove_reader(self._sock)
                self._pause = self._loop.call_later(_PAUSE_S, self._go_on)
                return
            try:
                self._take(came, where)
            except OSError as error:
                # The peer is gone already, and the socket cannot be looked at.
                _log.debug("a connection ended before it was looked at: %s", error)
                came.close()

    def _go_on(self) -> None:
        """Accept again."""
        self._pause = None
        self._loop.add_reader(self._sock, self._on_readable)

    def close(self) -> None:
        """Stop listening."""
        if self._sock.fileno() < 0:
            return
        if self._pause is not None:
            self._pause.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
