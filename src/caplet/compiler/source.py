"""The text of one schema file: decoding, lines and columns.

Knows bytes, UTF-8 and positions; it does not know what the text means.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import Final

from caplet.errors import Diagnostic

__all__ = ["Source", "decode_source"]

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SHOWN_COLUMNS = 240
_LONGEST_MESSAGE = 2_000
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]")


class Source:
    """A schema text with a name; positions in it are character offsets from 0.

    Args:
        filename: the name used in diagnostics.
        text: the text, without a byte order mark.
        mark_bytes: how many bytes stood before the text in the file (the byte order mark).
    """

    __slots__ = ("_byte_steps", "_line_starts", "filename", "mark_bytes", "text")

    def __init__(self, filename: str, text: str, mark_bytes: int = 0) -> None:
        self.filename = filename
        self.text = text
        self.mark_bytes = mark_bytes
        self._line_starts: list[int] | None = None
        self._byte_steps: list[tuple[int, int]] | None = None

    def location(self, position: int) -> tuple[int, int]:
        """Returns line and column, both from 1, of a character offset."""
        if self._line_starts is None:
            starts = [0]
            found = self.text.find("\n")
            while found >= 0:
                starts.append(found + 1)
                found = self.text.find("\n", found + 1)
            self._line_starts = starts
        line = bisect_right(self._line_starts, position)
        return line, position - self._line_starts[line - 1] + 1

    def byte_offset(self, position: int) -> int:
        """Returns how many bytes of the file stand before a character offset."""
        if self._byte_steps is None:
            # For each character that is not ASCII: its offset, and how many bytes more than characters end with it.
            steps: list[tuple[int, int]] = []
            extra = self.mark_bytes
            if not self.text.isascii():
                for found in _NOT_ASCII.finditer(self.text):
                    extra += len(found.group().encode("utf-8", "surrogatepass")) - 1
                    steps.append((found.start(), extra))
            self._byte_steps = steps
        index = bisect_left(self._byte_steps, (position, 0))
        return position + (self._byte_steps[index - 1][1] if index else self.mark_bytes)

    def diagnostic(self, start: int, end: int, message: str) -> Diagnostic:
        """Makes a diagnostic for the characters from `start` up to, not including, `end`."""
        start = max(0, min(start, len(self.text)))
        line, column = self.location(start)
        line_start = start - column + 1
        line_end = self.text.find("\n", start)
        if line_end < 0:
            line_end = len(self.text)
        last = max(start, min(end, line_end) - 1)
        text = self.text[line_start:line_end].rstrip("\r")
        if len(message) > _LONGEST_MESSAGE:
            # A name may be as long as the file, and be named two hundred times.
            message = f"{message[: _LONGEST_MESSAGE // 2]} … {message[-_LONGEST_MESSAGE // 2 :]}"
        source_line = text if len(text) <= _SHOWN_COLUMNS else None
        return Diagnostic(self.filename, line, column, column + last - start, message, source_line)


def decode_source(filename: str, data: bytes) -> tuple[Source | None, Diagnostic | None]:
    """Decodes the bytes of a schema file.

    Returns:
        The source and no diagnostic, or no source and the diagnostic that says which byte is not UTF-8.
    """
    if data.startswith(_UTF16_MARKS) or b"\0" in data[:2]:
        encoding = "UTF-32" if b"\0\0" in data[:4] else "UTF-16"
        return None, Diagnostic(filename, 1, 1, 1, f"the file is {encoding} text; save it as UTF-8")
    mark_bytes = len(_UTF8_MARK) if data.startswith(_UTF8_MARK) else 0
    try:
        return Source(filename, data[mark_bytes:].decode("utf-8"), mark_bytes), None
    except UnicodeDecodeError as error:
        position = error.start + mark_bytes
        line = data.count(b"\n", 0, position) + 1
        line_start = data.rfind(b"\n", 0, position) + 1
        column = len(data[max(line_start, mark_bytes if line == 1 else 0) : position].decode("utf-8")) + 1
        return None, Diagnostic(
            filename,
            line,
            column,
            column,
            f"the byte 0x{data[position]:02x} at offset {position} is not UTF-8 text; save the file as UTF-8",
        )
