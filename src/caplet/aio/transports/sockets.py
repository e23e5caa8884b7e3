"""Messages over a socket that the loop only watches: TCP and Unix sockets, with file descriptors on the latter.

Knows non-blocking sockets, and descriptors that travel on Unix sockets. Does not know addresses or the RPC protocol.

All that one turn sends leaves in one vectored write, without being joined; what is read is cut in place, or, when a message is longer than one
read, written by the system where the message will lie. The reader never waits for the writer.
"""

from __future__ import annotations

import array
import asyncio
import logging
import os
import socket
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from caplet.aio.peers import peer_of_socket
from caplet.aio.transports.base import HIGH_WATER_BYTES, LOW_WATER_BYTES, NOBODY
from caplet.aio.transports.watching import forget, watch
from caplet.aio.transports.windows import send_buffer_bytes
from caplet.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from caplet.aio.peers import Peer
    from caplet.aio.transports.base import Accept, Framing, Receiver
    from caplet.limits import Limits
    from caplet.wire.buffers import Segments
    from caplet.wire.message import MessageReader

__all__ = ["SocketTransport"]

_log = logging.getLogger("caplet")

# How much one read takes at first (no more than the C library allocates without asking the system), and when the peer sends a lot.
_SMALL_READ_BYTES = 64 * 1024
_LARGE_READ_BYTES = 1024 * 1024
# When so much of a message is still missing, it is a long one.
_LONG_BYTES = 128 * 1024
# What is left unread when a connection ends is thrown away up to so much, so that its end does not overtake our last word.
_DRAIN_BYTES = 1024 * 1024
# More small messages than that in one read are a flood: cut one round at a time they are not made all at once, and let others have theirs.
_MANY_MESSAGES = 128
# Below this, together or on the average, copying pieces into one is cheaper than telling the system about each.
_JOIN_BYTES = 16 * 1024
_JOIN_PIECE_BYTES = 512
# The most pieces that one vectored write may have, and the most descriptors: what Linux allows.
_PIECES = 1024
_DESCRIPTORS_A_WRITE = 253
_CLOSE_ON_EXEC = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


# How long a peer may take to read our last word, once nothing more is taken from it.
_LAST_WORD_S = 10.0
# When a peer takes nothing more, its last word is waited for so long.
_FAREWELL_S = 1.0


class Passing:
    """Descriptors that go with the next pieces of a queue; ours, until they are sent."""

    __slots__ = ("fds", "pieces")

    def __init__(self, fds: list[int], pieces: int) -> None:
        self.fds = fds
        self.pieces = pieces


class SocketTransport:
    """A transport over one connected socket, which it owns.

    Args:
        loop: the running loop.
        sock: the socket; made non-blocking.
        accept: called at once; returns who receives the messages.
        framing: how messages lie in the stream.
        limits: bounds for the descriptors that come with a message.
        opened: the address by which the socket was opened; "" when it came in.
        tcp_peer: who is at the other end of a TCP socket, where that is known; None lets the socket be asked what it is.
    """

    __slots__ = (
        "__weakref__",
        "_calls_once",
        "_closing",
        "_discarding",
        "_error",
        "_fds",
        "_framing",
        "_full",
        "_last_word",
        "_limits",
        "_loop",
        "_lost",
        "_passes",
        "_queue",
        "_read_bytes",
        "_reading",
        "_receiver",
        "_sock",
        "_unsent",
        "_watching",
        "_writing",
        "peer",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sock: socket.socket,
        accept: Accept,
        framing: Framing,
        limits: Limits,
        opened: str = "",
        tcp_peer: Peer | None = None,
    ) -> None:
        if sock.gettimeout() != 0:
            sock.setblocking(False)
        if tcp_peer is None:
            family = sock.family  # asked once: Python makes an object of it each time
            self._passes = family == getattr(socket, "AF_UNIX", None)
            self.peer: Peer = peer_of_socket(sock, family, opened)
        else:
            self._passes = False
            self.peer = tcp_peer
        self._loop = loop
        # Whether the loop, once a peer has reset the connection, says so one time only, whatever is left to read: libuv does, and so uvloop.
        self._calls_once = not isinstance(loop, asyncio.BaseEventLoop)
        self._sock: socket.socket | None = sock
        self._framing = framing
        self._limits = limits
        self._queue: deque[memoryview | bytes | Passing] = NOTHING
        self._unsent = 0
        self._read_bytes = _SMALL_READ_BYTES
        # Descriptors that came with a message which is not whole yet.
        self._fds: list[int] | None = None
        # What the receiver wants, and what the loop was told.
        self._reading = True
        self._watching = False
        self._writing = False
        self._full = False
        self._closing = False
        self._discarding = False
        # Whether the receiver heard of the end.
        self._lost = False
        self._error: BaseException | None = None
        self._last_word: asyncio.TimerHandle | None = None
        self._receiver: Receiver = accept(self)
        self._watch()

    # --- reading --------------------------------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Let the loop look for bytes when somebody wants them: the receiver, or nobody any more, while the last word leaves."""
        sock = self._sock
        wanted = not self._lost and (self._discarding or (self._reading and not self._closing))
        if wanted != self._watching and sock is not None:
            self._watching = wanted
            if wanted:
                watch(self._loop, sock.fileno(), self._on_readable)
            else:
                forget(self._loop, sock.fileno())

    def _on_readable(self) -> None:
        """Take what has come."""
        sock = self._sock
        if sock is None:
            return
        messages: list[MessageReader] = []
        fds: dict[int, list[int]] | None = None
        try:
            if self._closing:
                size = len(sock.recv(_LARGE_READ_BYTES))
            elif self._passes and self._limits.message_fds:
                size, messages, fds = self._read_with_fds(sock)
            else:
                size, messages = self._read(sock)
        except (BlockingIOError, InterruptedError):
            return
        except DecodeError as error:
            self._stop(error)
        except OSError as error:
            self._end(self._error or error)
        else:
            if self._calls_once and size:
                self._look_for_reset(sock)
            if messages:
                self._receiver.receive_messages(messages, fds)
            if not size:
                self._on_end()

    def _look_for_reset(self, sock: socket.socket) -> None:
        """Watch a socket anew that the peer has reset: the rest of what it sent is still taken, and its end found behind that."""
        if self._error is None:
            # Asked, the system forgets the error: nothing ends the new watch.
            number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if not number:
                return
            self._stop_writing(OSError(number, os.strerror(number)))
        if self._closing:
            self._end_soon()
        elif self._watching:
            forget(self._loop, sock.fileno())
            watch(self._loop, sock.fileno(), self._on_readable)

    def _read(self, sock: socket.socket) -> tuple[int, list[MessageReader]]:
        """Read once; return how many bytes came and the messages that they complete."""
        framing = self._framing
        room = framing.room()
        if room is not None:
            if len(room) > _LONG_BYTES:
                # The next message may be as long: what the first read of it brings is copied to where it will lie, the rest is not.
                self._read_bytes = _SMALL_READ_BYTES
            size = sock.recv_into(room)
            return size, framing.filled(size) if size else []
        data = sock.recv(self._read_bytes)
        size = len(data)
        messages = framing.feed(data) if size else []
        if size < _SMALL_READ_BYTES >> 2 or len(messages) > _MANY_MESSAGES:
            self._read_bytes = _SMALL_READ_BYTES
        elif size == self._read_bytes:
            self._read_bytes = min(4 * size, _LARGE_READ_BYTES)
        return size, messages

    def _read_with_fds(self, sock: socket.socket) -> tuple[int, list[MessageReader], dict[int, list[int]] | None]:
        """Read once, also descriptors; they belong to the message that holds the last byte that was read with them."""
        framing = self._framing
        space = socket.CMSG_SPACE(4 * self._limits.message_fds)
        data, ancillary, _, _ = sock.recvmsg(_SMALL_READ_BYTES, space, _CLOSE_ON_EXEC)
        came = array.array("i")
        for level, kind, content in ancillary:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                came.frombytes(content[: len(content) // came.itemsize * came.itemsize])
        earlier, self._fds = self._fds or [], None
        try:
            messages = framing.feed(data) if data else []
        except DecodeError:
            close_descriptors([*earlier, *came])
            raise
        found: dict[int, list[int]] = {}
        if messages and earlier:
            found[0] = earlier
            earlier = []
        if not messages or framing.pending_bytes:
            self._fds = self._within_limit(earlier + came.tolist())
        elif came:
            last = len(messages) - 1
            found[last] = self._within_limit(found.get(last, []) + came.tolist())
        return len(data), messages, found or None

    def _within_limit(self, fds: list[int]) -> list[int]:
        """Return the descriptors that one message may bring; the others are closed."""
        limit = self._limits.message_fds
        close_descriptors(fds[limit:])
        return fds[:limit]

    def _on_end(self) -> None:
        """The peer sends nothing more; it may still read."""
        if self._closing:
            # The rest of the queue is still written.
            self._discarding = False
            self._watch()
            return
        missing = self._framing.pending_bytes
        if missing and self._error is None:
            self._error = ConnectionResetError(
                f"{self.peer} ended the stream in the middle of a message ({missing} bytes of it came)"
            )
        self._stop(self._error)

    def _stop(self, error: BaseException | None) -> None:
        """Take nothing more; the receiver hears why, and may still send a last word."""
        self._lost = True
        self._watch()
        self._tell_lost(error)

    # --- writing --------------------------------------------------------------------------------------------------------------------

    @property
    def unsent_bytes(self) -> int:
        """How many bytes were given to `send` and not yet to the system."""
        return self._unsent

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        return send_buffer_bytes(self._sock)

    def send(self, messages: Sequence[Segments], fds: Mapping[int, Sequence[int]] | None = None) -> None:
        """Send messages."""
        sock = self._sock
        if sock is None or self._closing or self._error is not None:
            return
        if fds and self._passes:
            for place, message in enumerate(messages):
                self._enqueue(self._framing.frame((message,)), fds.get(place))
        else:
            buffers = joined(self._framing.frame(messages))
            if self._unsent:
                self._enqueue(buffers, None)
            else:
                self._write(sock, buffers)
                return
        if not self._writing:
            self._flush()
        self._tell_fullness()

    def _write(self, sock: socket.socket, buffers: list[memoryview | bytes]) -> None:
        """Write when nothing waits; what the system does not take waits."""
        size = 0
        for buffer in buffers:
            size += len(buffer)
        try:
            if len(buffers) == 1:
                sent = sock.send(buffers[0])
            else:
                sent = sock.sendmsg(buffers if len(buffers) <= _PIECES else buffers[:_PIECES])
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self._on_write_error(error)
            return
        if sent < size:
            self._enqueue(buffers, None)
            self._consume(sent)
            self._flush()
            self._tell_fullness()

    def _enqueue(self, buffers: list[memoryview | bytes], fds: Sequence[int] | None) -> None:
        """Let pieces wait, with the descriptors that go with them."""
        if self._queue is NOTHING:
            self._queue = deque()
        if fds and (copies := copy_descriptors(fds)):
            self._queue.append(Passing(copies, len(buffers)))
        self._queue.extend(buffers)
        for buffer in buffers:
            self._unsent += len(buffer)

    def _flush(self) -> None:
        """Write what waits, as far as the system takes it."""
        sock = self._sock
        try:
            while self._unsent and sock is not None:
                self._consume(self._write_some(sock))
        except (BlockingIOError, InterruptedError):
            pass
        except OSError as error:
            self._on_write_error(error)
            return
        if sock is not None and (self._unsent > 0) != self._writing:
            self._writing = not self._writing
            if self._writing:
                self._loop.add_writer(sock.fileno(), self._on_room)
            else:
                self._queue = NOTHING
                self._loop.remove_writer(sock.fileno())

    def _on_room(self) -> None:
        """The system takes more."""
        self._flush()
        self._tell_fullness()
        if self._closing and not self._unsent:
            self._end(self._error)

    def _write_some(self, sock: socket.socket) -> int:
        """Write the first of what waits; return how many bytes the system took."""
        queue = self._queue
        first = queue[0]
        if isinstance(first, Passing):
            return self._write_with_fds(sock, first)
        pieces: list[memoryview | bytes] = []
        for piece in islice(queue, _PIECES):
            if isinstance(piece, Passing):
                break
            pieces.append(piece)
        return sock.sendmsg(pieces)

    def _write_with_fds(self, sock: socket.socket, passing: Passing) -> int:
        """Write descriptors with the beginning of their message, and nothing of the next one, to whom they would count."""
        queue = self._queue
        pieces = [piece for piece in islice(queue, 1, 1 + passing.pieces) if not isinstance(piece, Passing)]
        batch = passing.fds[:_DESCRIPTORS_A_WRITE]
        rest = passing.fds[_DESCRIPTORS_A_WRITE:]
        if rest:
            # More than one write may carry: one byte takes the first of them.
            pieces = [pieces[0][:1]]
        sent = sock.sendmsg(pieces[:_PIECES], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", batch))])
        close_descriptors(batch)
        queue.popleft()
        if rest:
            queue.insert(1, queue[0][1:])  # type: ignore[index]
            queue[0] = pieces[0]
            queue.insert(1, Passing(rest, passing.pieces))
        return sent

    def _consume(self, sent: int) -> None:
        """Forget pieces that were sent."""
        queue = self._queue
        self._unsent -= sent
        while sent:
            first = queue[0]
            assert not isinstance(first, Passing)
            if len(first) > sent:
                queue[0] = memoryview(first)[sent:]
                return
            sent -= len(first)
            queue.popleft()

    def _tell_fullness(self) -> None:
        """Tell the receiver when the queue has become long, or short again."""
        if self._full:
            if self._unsent <= LOW_WATER_BYTES:
                self._full = False
                self._tell_writable(True)
        elif self._unsent > HIGH_WATER_BYTES:
            self._full = True
            self._tell_writable(False)

    def _tell_writable(self, writable: bool) -> None:
        """Tell the receiver, unless it has heard of the end."""
        if not self._lost:
            self._receiver.on_writable(writable)

    def _on_write_error(self, error: OSError) -> None:
        """Send nothing more; what the peer sent before it went is still taken, and its end is found behind that."""
        self._stop_writing(error)
        if not (self._watching and isinstance(error, ConnectionError)) or self._closing:
            self._end_soon()
        elif self._last_word is None:
            # It may have ended the half that it reads from, and keep the other one open.
            self._last_word = self._loop.call_later(_FAREWELL_S, self.abort)

    def _stop_writing(self, error: OSError) -> None:
        """Forget what was not sent, and why nothing more is."""
        self._forget_queue()
        if self._error is None:
            # Without the frames, which hold what was to be sent, and this transport.
            self._error = error.with_traceback(None)
        if self._sock is not None and self._writing:
            self._writing = False
            self._loop.remove_writer(self._sock.fileno())

    # --- the end --------------------------------------------------------------------------------------------------------------------

    def pause_reading(self) -> None:
        """Stop receiving until `resume_reading`."""
        self._reading = False
        self._watch()

    def resume_reading(self) -> None:
        """Receive again."""
        self._reading = True
        self._watch()

    def close(self) -> None:
        """Send what is unsent, then end the connection."""
        if self._closing or self._sock is None:
            return
        self._closing = True
        if not self._unsent:
            self._end_soon()
            return
        # A peer that writes while it does not read gets to reading only when somebody takes what it writes.
        self._discarding = True
        self._watch()
        if self._lost:
            self._last_word = self._loop.call_later(_LAST_WORD_S, self.abort)

    def abort(self) -> None:
        """End the connection at once."""
        if self._sock is not None:
            self._closing = True
            self._forget_queue()
            self._end_soon()

    def _end_soon(self) -> None:
        """Close the socket now, and tell the receiver behind what it is doing."""
        self._close_socket()
        if not self._lost:
            self._lost = True
            self._loop.call_soon(self._tell_lost, self._error)

    def _tell_lost(self, error: BaseException | None) -> None:
        """Tell the receiver, and let go of it: it holds this transport."""
        receiver, self._receiver = self._receiver, NOBODY
        receiver.on_lost(error)

    def _end(self, error: BaseException | None) -> None:
        """Close the socket and tell the receiver."""
        self._close_socket()
        if not self._lost:
            self._lost = True
            self._tell_lost(error)

    def _close_socket(self) -> None:
        """Close the socket behind what was written to it."""
        sock, self._sock = self._sock, None
        if self._last_word is not None:
            self._last_word.cancel()
            self._last_word = None
        self._forget_queue()
        if self._fds is not None:
            close_descriptors(self._fds)
            self._fds = None
        if sock is None:
            return
        if self._watching:
            forget(self._loop, sock.fileno())
        if self._writing:
            self._loop.remove_writer(sock.fileno())
        self._watching = self._writing = False
        try:
            # Bytes that nobody read would make the system reset the connection, and the peer lose our last word.
            sock.shutdown(socket.SHUT_WR)
            left = _DRAIN_BYTES
            while left > 0 and (size := len(sock.recv(_SMALL_READ_BYTES))):
                left -= size
        except OSError:
            pass
        sock.close()

    def _forget_queue(self) -> None:
        """Let go of what was not sent."""
        for piece in self._queue:
            if isinstance(piece, Passing):
                close_descriptors(piece.fds)
        self._queue = NOTHING
        self._unsent = 0


# The queue of all transports for which nothing waits: most of them, most of the time.
NOTHING: deque[memoryview | bytes | Passing] = deque(maxlen=0)


def joined(buffers: list[memoryview | bytes]) -> list[memoryview | bytes]:
    """Return the same bytes in one piece, when the pieces are small."""
    count = len(buffers)
    size = 0
    for buffer in buffers:
        size += len(buffer)
    return [b"".join(buffers)] if count > 1 and size <= max(_JOIN_BYTES, count * _JOIN_PIECE_BYTES) else buffers


def copy_descriptors(fds: Sequence[int]) -> list[int]:
    """Return copies of descriptors that stay ours; none when one of them is not open."""
    copies: list[int] = []
    try:
        for fd in fds:
            copies += [os.dup(fd)]
    except OSError as error:
        close_descriptors(copies)
        _log.error("descriptors %s were not sent with their message: %s", list(fds), error)
        return []
    return copies


def close_descriptors(fds: Sequence[int]) -> None:
    """Close descriptors that came or were copied and that nobody wants; -1 stands for one that somebody took."""
    for fd in fds:
        if fd >= 0:
            os.close(fd)
