"""Every error class of Caplet, in one tree.

    CapletError
    ├── BuildError (also ValueError)       a message that cannot be built as asked
    ├── CompileError (also ValueError)     schema text that does not compile; `diagnostics` lists everything found
    ├── DecodeError (also ValueError)      bytes that are not a well-formed message
    └── SchemaError (also ValueError)      schema nodes that contradict each other, or that are not there

Knows names and texts only; nothing here imports another part of Caplet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["BuildError", "CapletError", "CompileError", "DecodeError", "Diagnostic", "SchemaError"]


class CapletError(Exception):
    """The base of every error that Caplet raises on purpose."""


class BuildError(CapletError, ValueError):
    """A message that cannot be built as asked; the text says what does not fit and why."""


class DecodeError(CapletError, ValueError):
    """Bytes that are not a well-formed Cap'n Proto message; the text says what is wrong and where."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing wrong in a schema text.

    Args:
        filename: the file as the user named it.
        line: the line, from 1; 0 when the problem is not at a place in the text.
        column: the first column, from 1.
        end_column: the last column on the same line, at least `column`.
        message: what is wrong and what to do, in one sentence or two.
        source_line: the text of the line, `None` when it cannot be shown.
    """

    filename: str
    line: int
    column: int
    end_column: int
    message: str
    source_line: str | None = None

    def __str__(self) -> str:
        """The form `file:line:column-column: error: message`."""
        if not self.line:
            return f"{self.filename}: error: {self.message}"
        columns = f"{self.column}-{self.end_column}" if self.end_column > self.column else f"{self.column}"
        return f"{self.filename}:{self.line}:{columns}: error: {self.message}"

    def render(self) -> str:
        """The one-line form, with the source line and a row of carets under it when they are known."""
        if self.source_line is None or not self.line:
            return str(self)
        lead = "".join("\t" if char == "\t" else " " for char in self.source_line[: self.column - 1])
        carets = "^" * max(1, min(self.end_column, len(self.source_line)) - self.column + 1)
        return f"{self}\n    {self.source_line}\n    {lead}{carets}"


class CompileError(CapletError, ValueError):
    """Schema text that does not compile; `diagnostics` has one entry for each problem, in the order of the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(diagnostic.render() for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[type[CompileError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class SchemaError(CapletError, ValueError):
    """Schema nodes that contradict each other or themselves, or a node that is not there."""
