"""The formats of `convert`: streams of bytes to messages, and messages to bytes.

Knows how each format is cut into messages and written. Does not know options or file names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Protocol

from caplet.compiler.encoding import copied_message
from caplet.errors import DecodeError
from caplet.limits import Limits
from caplet.notation.json_codec import JsonCodec
from caplet.notation.text import TextPrinter, parse_text
from caplet.schema.model import StructType
from caplet.schema.registry import Registry
from caplet.tools.problems import ConversionError, UsageError
from caplet.wire.canonical import canonicalize, is_canonical
from caplet.wire.framing import Framer, frame
from caplet.wire.message import MessageBuilder, MessageReader
from caplet.wire.packing import Unpacker, pack
from caplet.wire.untyped import AnyPointer

__all__ = [
    "FORMATS",
    "NOTATIONS",
    "InputStream",
    "MessageType",
    "check_format",
    "chunks",
    "first_chunks",
    "read_messages",
    "write_message",
]

FORMATS: Final = ("binary", "packed", "flat", "flat-packed", "canonical", "text", "json")
NOTATIONS: Final = ("text", "json")
"""The formats that need a schema."""

_LIMITS: Final = Limits(traversal_words=1 << 40)
_CHUNK_BYTES: Final = 1 << 16


class InputStream(Protocol):
    """A stream of bytes that gives what has arrived."""

    def read1(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes, none at the end."""
        ...


class MessageType:
    """A struct type with the code for its notations.

    Args:
        registry: the schemas.
        type_: the type of the messages.
        pretty: whether text and JSON take several lines.
    """

    __slots__ = ("json", "pretty", "printer", "registry", "type")

    def __init__(self, registry: Registry, type_: StructType, pretty: bool) -> None:
        self.registry = registry
        self.type = type_
        self.pretty = pretty
        self.printer = TextPrinter(registry)
        self.json = JsonCodec(registry, pretty=pretty)


def chunks(stream: InputStream) -> Iterator[bytes]:
    """Return the bytes of a stream as they arrive."""
    while chunk := stream.read1(_CHUNK_BYTES):
        yield chunk


def first_chunks(source: Iterator[bytes], wanted: int) -> bytes:
    """Return the beginning of a stream: at least `wanted` bytes if there are so many."""
    head = b""
    while len(head) < wanted:
        chunk = next(source, b"")
        if not chunk:
            break
        head += chunk
    return head


def read_messages(format_: str, source: Iterator[bytes], type_: MessageType | None) -> Iterator[AnyPointer]:
    """Return the root pointers of the messages of a stream, each as soon as it is whole.

    Args:
        format_: one of `FORMATS`.
        source: the bytes of the stream.
        type_: the type of the messages; needed for text and JSON.

    Raises:
        CapletError: the bytes are not of the format.
    """
    if format_ in ("binary", "packed"):
        return _framed(_unpacked(source) if format_ == "packed" else source)
    if format_ == "text":
        assert type_ is not None
        return _texts(source, type_)
    if format_ == "json":
        assert type_ is not None
        return _jsons(source, type_)
    return _flat(format_, source)


def _framed(source: Iterator[bytes]) -> Iterator[AnyPointer]:
    framer = Framer(_LIMITS)
    for chunk in source:
        for message in framer.feed(chunk):
            yield message.root
    if framer.pending_bytes:
        raise DecodeError(f"the input ends inside a message, {framer.pending_bytes} bytes after its beginning")


def _unpacked(source: Iterator[bytes]) -> Iterator[bytes]:
    unpacker = Unpacker()
    for chunk in source:
        yield unpacker.feed(chunk)
    unpacker.finish()


def _flat(format_: str, source: Iterator[bytes]) -> Iterator[AnyPointer]:
    content = b"".join(_unpacked(source) if format_ == "flat-packed" else source)
    if not content:
        return
    if len(content) % 8:
        raise DecodeError(f"{len(content)} bytes are not a whole number of words")
    root = MessageReader([content], _LIMITS).root
    if format_ == "canonical" and not is_canonical(content):
        raise DecodeError("the message is not canonical")
    yield root


def _texts(source: Iterator[bytes], type_: MessageType) -> Iterator[AnyPointer]:
    for part in _literals(source):
        yield MessageReader([parse_text(type_.registry, type_.type, part, "<stdin>")], _LIMITS).root


def _jsons(source: Iterator[bytes], type_: MessageType) -> Iterator[AnyPointer]:
    for part in _literals(source):
        yield MessageReader([type_.json.decode(type_.type, part)], _LIMITS).root


_NOTHING: Final = re.compile(rb"(?:\s|#[^\n]*(?:\n|\Z))*")
_PIECE: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[#`][^\n]*\n|[()\[\]{}]|[^"#`()\[\]{}]+', re.DOTALL)


def _literals(source: Iterator[bytes]) -> Iterator[bytes]:
    """Cut a stream behind each bracket that closes the first one of a value."""
    pending = b""
    at = depth = 0
    for chunk in source:
        pending += chunk
        while (found := _PIECE.match(pending, at)) is not None:
            at = found.end()
            if found.group() in (b"(", b"[", b"{"):
                depth += 1
            elif found.group() in (b")", b"]", b"}"):
                depth -= 1
                if depth <= 0:
                    yield pending[:at]
                    pending, at, depth = pending[at:], 0, 0
    if _NOTHING.fullmatch(pending) is None:
        yield pending


def write_message(format_: str, root: AnyPointer, type_: MessageType | None, segment_words: int = 0) -> bytes:
    """Return the bytes of one message in a format.

    Args:
        format_: one of `FORMATS`.
        root: the message.
        type_: its type; needed for text and JSON.
        segment_words: the size of the segments of framed messages; 0 for one segment where 1024 words suffice.
    """
    if format_ == "text":
        assert type_ is not None
        return type_.printer.format(type_.type, root, type_.pretty).encode() + b"\n"
    if format_ == "json":
        assert type_ is not None
        return type_.json.encode(type_.type, root).encode() + b"\n"
    if format_ == "canonical":
        return canonicalize(root.struct())
    if format_ in ("flat", "flat-packed"):
        parts: list[memoryview | bytes] = [copied_message(root)]
    else:
        message = MessageBuilder(segment_words, grow=False) if segment_words else MessageBuilder()
        message.root.set(root)
        parts = frame(message.output())
    # Runs do not go from one segment to the next: the C++ library packs each by itself.
    return b"".join([pack(part) for part in parts] if format_.endswith("packed") else parts)


# -- which format an input may be in ------------------------------------------------------------------------------------

_TEXT: Final = re.compile(rb"\s*[(#]")
_JSON: Final = re.compile(rb"\s*\{")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def check_format(format_: str, head: bytes, quiet: bool) -> None:
    """Compare the beginning of an input with its format; with `quiet` everything passes.

    Raises:
        ConversionError: there is no input.
        UsageError: the input is in another format.
    """
    if not head:
        if quiet:
            return
        raise ConversionError("the input is empty")
    if quiet or _PLAUSIBLE[format_](head):
        return
    likely = next((other for other in ("binary", "packed", "text", "json", "flat") if _PLAUSIBLE[other](head)), None)
    hint = f' It looks like it is in "{likely}" format. Try that instead.' if likely is not None else ""
    raise UsageError(f'The input is not in "{format_}" format.{hint}')


def _is_flat(head: bytes) -> bool:
    """Whether the first word can be a pointer to a struct that is not far away."""
    if len(head) < 8:
        return False
    word = int.from_bytes(head[:8], "little")
    return word & 3 == 2 or (word & 3 == 0 and (word >> 2 & 0x3FFFFFFF) < 1 << 16)


def _is_binary(head: bytes) -> bool:
    """Whether the beginning can be a segment table with the root pointer behind it."""
    if len(head) < 8:
        return False
    count = int.from_bytes(head[:4], "little") + 1
    words = int.from_bytes(head[4:8], "little")
    if count > _LIMITS.segments or not 0 < words < 1 << 29:
        return False
    start = (count + 2) // 2 * 8
    return len(head) < start + 8 or _is_flat(head[start : start + 8])


def _is_packed(head: bytes) -> bool:
    return _is_binary(_unpacked_head(head))


def _is_flat_packed(head: bytes) -> bool:
    """Whether it unpacks to a pointer; a null one is too likely what the zeroes of another format unpack to."""
    found = _unpacked_head(head)
    return _is_flat(found) and (any(found[:8]) or not (_is_binary(head) or _is_flat(head)))


def _unpacked_head(head: bytes) -> bytes:
    try:
        return Unpacker().feed(head)
    except DecodeError:
        return b""


_PLAUSIBLE: Final[dict[str, Callable[[bytes], bool]]] = {
    "binary": _is_binary,
    "packed": _is_packed,
    "flat": _is_flat,
    "flat-packed": _is_flat_packed,
    "canonical": _is_flat,
    "text": lambda head: _TEXT.match(head) is not None and _CONTROL.search(head) is None,
    "json": lambda head: _JSON.match(head) is not None and _CONTROL.search(head) is None,
}
