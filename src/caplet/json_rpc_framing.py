"""How messages of JSON-RPC lie in a stream of bytes: behind headers that tell their length, or a line each.

Knows how bytes are cut into messages, and how long one may be. Does not know what messages say.
"""

from __future__ import annotations

from typing import Final

from caplet.errors import DecodeError

__all__ = ["ContentLengthFraming", "JsonRpcFraming", "LineFraming"]

_HEADER_BYTES: Final = 8192
_LENGTH_DIGITS: Final = 15
_END_OF_HEADERS: Final = b"\r\n\r\n"


class JsonRpcFraming:
    """How messages lie in one stream.

    Args:
        message_bytes: how long a message may be.
    """

    def __init__(self, message_bytes: int) -> None:
        self._message_bytes = message_bytes
        self._buffer = bytearray()
        # How much of the buffer was searched for the end of something, in vain.
        self._searched = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes that arrived, and return the messages that are whole now.

        Raises:
            DecodeError: they are no messages, or one is too long.
        """
        raise NotImplementedError

    def frame(self, message: bytes) -> bytes:
        """Return what is sent for a message."""
        raise NotImplementedError


class ContentLengthFraming(JsonRpcFraming):
    """Each message stands behind headers that tell its length, as in the Language Server Protocol."""

    def __init__(self, message_bytes: int) -> None:
        super().__init__(message_bytes)
        # How long the message is whose headers have come.
        self._wanted: int | None = None

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes that arrived, and return the messages that are whole now."""
        self._buffer += data
        found: list[bytes] = []
        while True:
            if self._wanted is None:
                end = self._buffer.find(_END_OF_HEADERS, max(0, self._searched - 3), _HEADER_BYTES)
                if end < 0:
                    self._searched = len(self._buffer)
                    if self._searched >= _HEADER_BYTES:
                        raise DecodeError(f"the headers of a message are longer than {_HEADER_BYTES} bytes")
                    return found
                self._wanted = self._length(bytes(self._buffer[:end]))
                self._searched = 0
                del self._buffer[: end + len(_END_OF_HEADERS)]
            if len(self._buffer) < self._wanted:
                return found
            found.append(bytes(self._buffer[: self._wanted]))
            del self._buffer[: self._wanted]
            self._wanted = None

    def _length(self, headers: bytes) -> int:
        """Return the length that headers tell."""
        lengths: list[bytes] = []
        for line in headers.split(b"\r\n"):
            name, colon, value = line.partition(b":")
            if not colon:
                raise DecodeError(f"{line[:40]!r} is no header of a message")
            if name.strip().lower() == b"content-length":
                lengths.append(value.strip())
        if len(lengths) != 1 or not lengths[0].isdigit() or len(lengths[0]) > _LENGTH_DIGITS:
            raise DecodeError("a message needs one header Content-Length, of digits only")
        if int(lengths[0]) > self._message_bytes:
            raise DecodeError(f"a message of {int(lengths[0])} bytes; at most {self._message_bytes} are taken")
        return int(lengths[0])

    def frame(self, message: bytes) -> bytes:
        """Return a message with its headers."""
        return b"Content-Length: %d\r\n\r\n%b" % (len(message), message)


class LineFraming(JsonRpcFraming):
    """Each message is a line; empty lines are none."""

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes that arrived, and return the messages that are whole now."""
        self._buffer += data
        end = self._buffer.rfind(b"\n", self._searched)
        lines: list[bytes] = []
        if end >= 0:
            lines = [line for line in bytes(self._buffer[:end]).split(b"\n") if line.strip()]
            del self._buffer[: end + 1]
        self._searched = len(self._buffer)
        if self._searched > self._message_bytes or any(len(line) > self._message_bytes for line in lines):
            raise DecodeError(f"a line is longer than the {self._message_bytes} bytes that are taken")
        return lines

    def frame(self, message: bytes) -> bytes:
        """Return a message as a line."""
        return message + b"\n"
