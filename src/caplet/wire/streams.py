"""Messages one after another in files, sockets, buffers and asynchronous streams, plain and packed.

Knows how exactly one message is taken from each kind of source, and what is an end between messages and what one inside of them. Does
not know what the messages mean; sockets and event loops are whatever objects have the right methods.

Taking a message is one generator (`message_steps`) that asks for bytes, so that it is the same for sources that wait and for asynchronous
ones. Nothing behind the message is consumed. The size of a message is compared with the limits as soon as its table is read.
"""

from __future__ import annotations

from io import RawIOBase, TextIOBase
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from caplet.errors import DecodeError, TruncatedError
from caplet.limits import DEFAULT_LIMITS
from caplet.wire.framing import frame, read_table
from caplet.wire.message import MessageReader
from caplet.wire.packing import LONGEST_WORDS, new_room, pack_each, unpack_into

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator, Sequence

    from caplet.limits import Limits
    from caplet.wire.buffers import Buffer

__all__ = [
    "AsyncReader",
    "AsyncSource",
    "AsyncWriter",
    "Readable",
    "Source",
    "Target",
    "frame_packed",
    "open_source",
    "read_message",
    "read_message_async",
    "write_all",
]

_LOOK_BYTES = 64 * 1024
# The number of this flag is the same on every system that Python knows; importing `socket` for it would load much.
_MSG_PEEK = 2
_WEIGHTS = bytes(tag.bit_count() for tag in range(256))

_Steps: TypeAlias = "Generator[int, Buffer, MessageReader | None]"


class Readable(Protocol):
    """A file, or whatever else gives at most so many bytes, none at its end."""

    def read(self, size: int, /) -> bytes | None: ...


class Writable(Protocol):
    """A file, or whatever else takes bytes and may tell how many."""

    def write(self, data: bytes, /) -> object: ...


class ReceivingSocket(Protocol):
    """A socket, as far as reading from it goes."""

    def recv(self, size: int, flags: int = ..., /) -> bytes: ...
    def recv_into(self, buffer: memoryview, /) -> int: ...


class SendingSocket(Protocol):
    """A socket, as far as writing to it goes."""

    def sendall(self, data: bytes, /) -> object: ...


class AsyncReader(Protocol):
    """An asynchronous stream that gives at most so many bytes, none at its end."""

    def read(self, size: int, /) -> Awaitable[bytes]: ...


class AsyncWriter(Protocol):
    """An asynchronous stream that takes bytes and can be waited for."""

    def write(self, data: bytes, /) -> object: ...
    def drain(self) -> Awaitable[object]: ...


Source: TypeAlias = "Readable | ReceivingSocket | Buffer"
Target: TypeAlias = "Writable | SendingSocket | Buffer"


# --- taking one message ---------------------------------------------------------------------------------------------------------------


def message_steps(limits: Limits, packed: bool, name: str) -> _Steps:
    """Take one message, as a generator.

    It yields how many bytes it is to be sent next, which are consumed; fewer mean that there are no more. Or it yields 0 to be sent
    bytes that come next and are not consumed, as many as are at hand; none say that the source cannot look ahead.

    Args:
        limits: bounds for the message.
        packed: whether the message is packed.
        name: what the source is, for errors.

    Returns:
        The message, None at the end of the source.

    Raises:
        TruncatedError: the source ends inside the message.
        DecodeError: the message is larger than the limits allow, or a packed run goes on behind its end.
    """
    content = PackedWords(name) if packed else PlainWords()
    yield from content.fill(8)
    if content.have == 0:
        return None
    view = content.view()
    count = int.from_bytes(view[:4], "little") + 1
    if len(view) >= 4 and count <= limits.segments:
        yield from content.fill((count + 2) // 2 * 8)
        view = content.view()
    table = read_table(view, 0, limits)
    if table is None:
        raise TruncatedError(f"the {name} ends inside a segment table, after {content.have} bytes of the message")
    sizes, start = table
    end = start + (sum(sizes) << 3)
    body = yield from content.rest(start, end)
    if body.nbytes < end - start:
        raise TruncatedError(f"the {name} ends inside a message, after {start + body.nbytes} of its {end} bytes")
    segments: list[memoryview] = []
    at = 0
    for words in sizes:
        segments.append(body[at : at + (words << 3)])
        at += words << 3
    return MessageReader(segments, limits)


class PlainWords:
    """The bytes of one message that have been taken as they are."""

    __slots__ = ("have", "head")

    def __init__(self) -> None:
        self.head = b""
        self.have = 0

    def fill(self, size: int) -> Generator[int, Buffer, None]:
        """Take bytes until `size` of the message are there, or the source ends."""
        if size > self.have:
            self.head += bytes((yield size - self.have))
            self.have = len(self.head)

    def view(self) -> memoryview:
        """Return what is there."""
        return memoryview(self.head)

    def rest(self, start: int, end: int) -> Generator[int, Buffer, memoryview]:
        """Take the bytes `start` to `end` of the message, all those before have been; fewer when the source ends."""
        return memoryview((yield end - start)) if end > start else memoryview(b"")


class PackedWords:
    """The bytes of one message that have been taken and unpacked; `have` of `content` are there."""

    __slots__ = ("content", "have", "name")

    def __init__(self, name: str) -> None:
        self.content = bytearray()
        self.have = 0
        self.name = name

    def fill(self, size: int) -> Generator[int, Buffer, None]:
        """Take whole tags until `size` bytes of the message are there, or the source ends between two of them."""
        if len(self.content) < size + LONGEST_WORDS:
            content = new_room(size + LONGEST_WORDS)
            content[: self.have] = memoryview(self.content)[: self.have]
            self.content = content
        last = size - 8
        while self.have < size:
            ahead = yield 0
            used, self.have = unpack_into(ahead, self.content, self.have, last)
            if used:
                yield used
                continue
            found = yield from self.one_tag()
            if not found:
                return
            _, self.have = unpack_into(found, self.content, self.have, last)

    def one_tag(self) -> Generator[int, Buffer, bytes]:
        """Take one tag with what belongs to it from a source that cannot look ahead so far; nothing at its end."""
        found = bytes((yield 1))
        if not found:
            return b""
        tag = found[0]
        wanted = _WEIGHTS[tag] + (tag in (0, 0xFF))
        found += bytes((yield wanted))
        if tag == 0xFF and len(found) == 10 and found[9]:
            wanted += found[9] * 8
            found += bytes((yield found[9] * 8))
        if len(found) <= wanted:
            raise TruncatedError(f"the {self.name} ends inside a packed word or run")
        return found

    def view(self) -> memoryview:
        """Return a copy of what is there, which is little as yet."""
        return memoryview(bytes(memoryview(self.content)[: self.have]))

    def rest(self, start: int, end: int) -> Generator[int, Buffer, memoryview]:
        """Take the bytes `start` to `end` of the message; fewer when the source ends."""
        yield from self.fill(end)
        if self.have > end:
            raise DecodeError(f"a packed run goes on {self.have - end} bytes behind the end of its message")
        return memoryview(self.content).toreadonly()[start : self.have]


# --- sources that wait ----------------------------------------------------------------------------------------------------------------


class BufferSource:
    """A buffer that is read in place, from where the message before ended; an `mmap` keeps its position itself."""

    __slots__ = ("at", "mapped", "view")

    name = "buffer"

    def __init__(self, buffer: Any) -> None:
        view = memoryview(buffer)
        self.view = view if view.format == "B" and view.ndim == 1 and view.contiguous else view.cast("B")
        self.mapped = buffer if hasattr(buffer, "seek") and hasattr(buffer, "tell") else None
        self.at = 0 if self.mapped is None else self.mapped.tell()

    def take(self, size: int) -> Buffer:
        """Return the next `size` bytes without a copy; fewer at the end."""
        found = self.view[self.at : self.at + size]
        self.at += len(found)
        if self.mapped is not None:
            self.mapped.seek(self.at)
        return found

    def look(self) -> Buffer:
        """Return all that comes next."""
        return self.view[self.at :]


class FileSource:
    """A file or whatever has `read`; it looks ahead when it can be peeked into or wound back."""

    __slots__ = ("file", "peek", "seekable")

    name = "file"

    def __init__(self, file: Any) -> None:
        self.file = file
        self.peek = getattr(file, "peek", None)
        self.seekable = self.peek is None and bool(getattr(file, "seekable", bool)())

    def take(self, size: int) -> Buffer:
        """Return the next `size` bytes, also from a file that gives fewer at a time; fewer at the end."""
        pieces: list[bytes] = []
        missing = size
        try:
            while missing:
                found = self.file.read(missing)
                if found is None:
                    raise BlockingIOError(
                        "the file has nothing to read just now; messages are read from blocking files"
                    )
                if isinstance(found, str):
                    raise TypeError("the file gives text; messages are bytes, and open(path, 'rb') gives those")
                if not found:
                    break
                pieces.append(found)
                missing -= len(found)
        except EOFError as error:  # a compressed file that was cut off, which is no end between messages
            raise TruncatedError(f"the file ends inside its compressed content: {error}") from error
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def look(self) -> Buffer:
        """Return some of what comes next."""
        if self.peek is not None:
            try:
                return self.peek(_LOOK_BYTES)  # type: ignore[no-any-return]
            except EOFError as error:
                raise TruncatedError(f"the file ends inside its compressed content: {error}") from error
        if not self.seekable:
            return b""
        found: bytes = self.file.read(_LOOK_BYTES) or b""
        self.file.seek(-len(found), 1)
        return found


class SocketSource:
    """A socket that blocks."""

    __slots__ = ("socket",)

    name = "connection"

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    def take(self, size: int) -> Buffer:
        """Return the next `size` bytes; fewer when the peer has ended the connection."""
        found = bytearray(size)
        view = memoryview(found)
        have = 0
        while have < size:
            count = self.socket.recv_into(view[have:])
            if not count:
                break
            have += count
        return view[:have].toreadonly()

    def look(self) -> Buffer:
        """Return some of what has arrived."""
        try:
            return self.socket.recv(_LOOK_BYTES, _MSG_PEEK)  # type: ignore[no-any-return]
        except ValueError:  # an encrypted socket, which takes no flags
            return b""


def open_source(source: Any) -> BufferSource | FileSource | SocketSource:
    """Return what reads messages from a source.

    Args:
        source: a buffer (an `mmap` too, which is read from its position), an object with `read`, or a socket.

    Raises:
        TypeError: it is none of these.
    """
    try:
        return BufferSource(source)
    except TypeError:
        pass
    if hasattr(source, "read"):
        return FileSource(source)
    if hasattr(source, "recv_into"):
        return SocketSource(source)
    hint = "; open(path, 'rb') gives a file" if isinstance(source, str) or hasattr(source, "__fspath__") else ""
    raise TypeError(f"messages are read from files, sockets and buffers, not from {type(source).__name__}{hint}")


def read_message(
    source: BufferSource | FileSource | SocketSource, limits: Limits | None, packed: bool
) -> MessageReader | None:
    """Take one message from a source.

    Returns:
        The message, None at the end of the source.

    Raises:
        TruncatedError: the source ends inside the message.
        DecodeError: the message is larger than the limits allow.
    """
    steps = message_steps(DEFAULT_LIMITS if limits is None else limits, packed, source.name)
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(source.take(wanted) if wanted else source.look())
    except StopIteration as done:
        found: MessageReader | None = done.value
        return found


# --- asynchronous sources ---------------------------------------------------------------------------------------------------------------


class AsyncSource:
    """An asynchronous stream.

    Args:
        reader: any object whose `read(n)` can be awaited.
        ahead: whether more than one message may be consumed, to be read from this source later.
    """

    __slots__ = ("ahead", "held", "reader")

    def __init__(self, reader: AsyncReader, ahead: bool) -> None:
        self.reader = reader
        self.ahead = ahead
        self.held: memoryview = memoryview(b"")

    async def take(self, size: int) -> Buffer:
        """Return the next `size` bytes; fewer at the end."""
        if len(self.held) >= size:
            found = self.held[:size]
            self.held = self.held[size:]
            return found
        pieces: list[Buffer] = [self.held]
        missing = size - len(self.held)
        self.held = memoryview(b"")
        while missing:
            piece = await self.reader.read(missing)
            if not piece:
                break
            pieces.append(piece)
            missing -= len(piece)
        return pieces[1] if len(pieces) == 2 and not pieces[0] else b"".join(pieces)

    async def look(self) -> Buffer:
        """Return some of what comes next, nothing when only one message may be consumed."""
        if not self.held and self.ahead:
            self.held = memoryview(await self.reader.read(_LOOK_BYTES))
        return self.held


async def read_message_async(source: AsyncSource, limits: Limits | None, packed: bool) -> MessageReader | None:
    """Take one message from an asynchronous stream; what it returns and raises is that of `read_message`."""
    steps = message_steps(DEFAULT_LIMITS if limits is None else limits, packed, "stream")
    try:
        wanted = next(steps)
        while True:
            wanted = steps.send(await source.take(wanted) if wanted else await source.look())
    except StopIteration as done:
        found: MessageReader | None = done.value
        return found


# --- writing ------------------------------------------------------------------------------------------------------------------------------


def frame_packed(segments: Sequence[memoryview]) -> bytes:
    """Return a message packed, with its table; each segment by itself, as the C++ library packs them."""
    return pack_each(frame(segments))


def write_all(target: Any, data: bytes) -> None:
    """Write a whole message to a file, a socket or a buffer.

    Args:
        target: an object with `write` (which may take less than all at once), a socket, or a writable buffer, which is written from
            its start.
        data: the message.

    Raises:
        ValueError: a buffer has no room for it.
        TypeError: the target is none of these.
    """
    if isinstance(target, TextIOBase):
        raise TypeError("the file takes text; messages are bytes, and open(path, 'wb') takes those")
    if hasattr(target, "write"):
        left = memoryview(data)
        written = target.write(data)
        while type(written) is int and written < len(left):
            left = left[written:]
            written = target.write(left)
        if written is None and isinstance(target, RawIOBase):
            raise BlockingIOError("the file has no room just now, and does not wait for it")
    elif hasattr(target, "sendall"):
        target.sendall(data)
    else:
        try:
            view = memoryview(target).cast("B")
        except TypeError:
            raise TypeError(
                f"messages are written to files, sockets and buffers, not to {type(target).__name__}"
            ) from None
        if view.readonly:
            raise TypeError("the buffer is read-only")
        if len(view) < len(data):
            raise ValueError(f"a message of {len(data)} bytes has no room in a buffer of {len(view)}")
        view[: len(data)] = data
