"""What a command tells when it cannot do what it was asked.

Knows the two kinds of failure; how they are shown is the command line's.
"""

from __future__ import annotations

__all__ = ["ConversionError", "UsageError"]


class UsageError(Exception):
    """An argument that makes no sense, or a file that is not there; the text names it."""


class ConversionError(Exception):
    """A message that could not be converted, after others perhaps were."""
