"""Connections to the program that started this one, and to programs that this one starts.

Knows standard input and output, inherited sockets and child processes. Does not know messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from typing import TYPE_CHECKING, Literal

from caplet.aio.transports.pair import PairTransport
from caplet.aio.transports.sockets import SocketTransport

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caplet.aio.options import StreamOptions
    from caplet.aio.transports.base import Accept

__all__ = ["ChildProcess", "open_pipes", "open_stdio"]

_STOP_S = 5.0
SOCKET_VARIABLE = "CAPLET_SOCKET"


async def open_stdio(loop: asyncio.AbstractEventLoop, accept: Accept, options: StreamOptions) -> None:
    """Make a transport of standard input and output; what this program prints from now on goes to standard error.

    Args:
        loop: the running loop.
        accept: called with the transport.
        options: choices about the stream.
    """
    sys.stdout.flush()
    source, target = os.dup(0), os.dup(1)
    # Nothing that prints may get between the messages.
    os.dup2(2, 1)
    await open_pipes(loop, source, target, accept, options, "stdio:")


async def open_pipes(
    loop: asyncio.AbstractEventLoop, source: int, target: int, accept: Accept, options: StreamOptions, name: str
) -> None:
    """Make a transport of two pipes, which belong to it from then on.

    Args:
        loop: the running loop.
        source: where the peer's bytes come from.
        target: where ours go.
        accept: called with the transport.
        options: choices about the stream.
        name: what the peer is called.
    """
    reader = asyncio.StreamReader(loop=loop)
    incoming, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader, loop=loop), os.fdopen(source, "rb", 0)
    )
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(loop=loop), loop=loop), os.fdopen(target, "wb", 0)
    )
    writer = asyncio.StreamWriter(transport, protocol, None, loop)
    PairTransport(reader, writer, accept, options.make_framing(), name, incoming)


class ChildProcess:
    """A program to be started and connected to; given to `connect` in the place of an address.

    It ends with the connection, and closing the connection waits for that: when it does not by itself within some seconds, it is
    terminated, and after as long again killed.

    Args:
        command: the program and its arguments.
        over: "stdio": its standard input and output, where it serves `stdio:`. "socket": a socket that it inherits, over which
            file descriptors can be passed; it serves `fd:` with the number that stands in its environment as CAPLET_SOCKET.
        env: its environment; None for ours.
        cwd: its working directory; None for ours.
        stop_s: how long it may take to end by itself, and to end when it is terminated.
    """

    def __init__(
        self,
        *command: str,
        over: Literal["stdio", "socket"] = "stdio",
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        stop_s: float = _STOP_S,
    ) -> None:
        self._command = command
        self._over = over
        self._env = env
        self._cwd = cwd
        self._stop_s = stop_s
        self._process: asyncio.subprocess.Process | None = None
        self._ended: asyncio.Task[int] | None = None

    def __str__(self) -> str:
        return f"child process {' '.join(self._command)}"

    @property
    def pid(self) -> int | None:
        """Its process id; None before it was started."""
        return None if self._process is None else self._process.pid

    async def wait(self) -> int:
        """Wait until it has ended, and return its exit status."""
        if self._ended is None:
            raise RuntimeError(f"the {self} was not started")
        return await asyncio.shield(self._ended)

    async def open(self, loop: asyncio.AbstractEventLoop, accept: Accept, options: StreamOptions) -> asyncio.Event:
        """Start it and make a transport to it.

        Args:
            loop: the running loop.
            accept: called with the transport.
            options: choices about the stream.

        Returns:
            An event to be set when the connection is over; the process is stopped then.

        Raises:
            OSError: it cannot be started.
        """
        over = asyncio.Event()
        if self._over == "stdio":
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=self._env,
                cwd=self._cwd,
            )
            assert process.stdout is not None
            assert process.stdin is not None
            PairTransport(process.stdout, process.stdin, accept, options.make_framing(), str(self))
        else:
            ours, theirs = socket.socketpair()
            with theirs:
                number = theirs.fileno()
                env = {**(os.environ if self._env is None else self._env), SOCKET_VARIABLE: str(number)}
                try:
                    process = await asyncio.create_subprocess_exec(
                        *self._command, pass_fds=(number,), env=env, cwd=self._cwd
                    )
                except BaseException:
                    ours.close()
                    raise
            SocketTransport(loop, ours, accept, options.make_framing(), options.limits, str(self))
        self._process = process
        self._ended = asyncio.ensure_future(self._stop_when(process, over))
        return over

    async def _stop_when(self, process: asyncio.subprocess.Process, over: asyncio.Event) -> int:
        """Stop it some time after the connection is over."""
        try:
            await over.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._stop_s):
                    return await process.wait()
            process.terminate()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._stop_s):
                    return await process.wait()
            process.kill()
            return await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
