"""Collecting diagnostics, and the words that several parts of the compiler use in them.

Knows how problems are gathered and how names are suggested; what the problems are is said where they are found.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

from caplet.compiler.source import Source
from caplet.errors import CompileError, Diagnostic

__all__ = ["Reporter", "suggestion"]

_MOST_DIAGNOSTICS = 200
_MOST_COMPARISONS = 20_000
_LONGEST_COMPARED = 100


class Reporter:
    """Collects the diagnostics of one compilation; the same complaint about the same place counts once."""

    __slots__ = ("_comparisons_left", "_seen", "diagnostics")

    def __init__(self) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._seen: set[tuple[str, int, int, str]] = set()
        self._comparisons_left = _MOST_COMPARISONS

    def error(self, source: Source, start: int, end: int, message: str) -> None:
        """Reports a problem with the characters from `start` up to, not including, `end`."""
        self.add(source.diagnostic(start, end, message))

    def add(self, diagnostic: Diagnostic) -> None:
        """Reports a diagnostic that is made already."""
        key = (diagnostic.filename, diagnostic.line, diagnostic.column, diagnostic.message)
        if key not in self._seen and len(self.diagnostics) < _MOST_DIAGNOSTICS:
            self._seen.add(key)
            self.diagnostics.append(diagnostic)

    def suggestion(self, name: str, known: Iterable[str]) -> str:
        """Returns the words of `suggestion`, or nothing when this compilation has compared very many names already.

        Comparing is slow: without an end to it, a text with thousands of names and of unknown ones would take minutes.
        """
        candidates = list(islice(known, self._comparisons_left))
        self._comparisons_left -= len(candidates)
        return suggestion(name, candidates)

    @property
    def failed(self) -> bool:
        """Whether anything was reported."""
        return bool(self.diagnostics)

    def raise_if_failed(self) -> None:
        """Raises what was collected, file by file in the order of the text.

        Raises:
            CompileError: something was reported.
        """
        if self.diagnostics:
            files: dict[str, int] = {}
            for diagnostic in self.diagnostics:
                files.setdefault(diagnostic.filename, len(files))
            raise CompileError(
                sorted(self.diagnostics, key=lambda found: (files[found.filename], found.line, found.column))
            )


def suggestion(name: str, known: Iterable[str]) -> str:
    """Returns `"; did you mean 'x'?"` for the names nearest to an unknown one, or nothing."""
    candidates = sorted(set(known))
    near = [candidate for candidate in candidates if candidate.lower() == name.lower()]
    if not near and len(name) <= _LONGEST_COMPARED:
        near = get_close_matches(name, candidates, n=3, cutoff=0.6)
    if not near:
        return ""
    return "; did you mean " + " or ".join(f"'{candidate}'" for candidate in near) + "?"
