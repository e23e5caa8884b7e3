"""Coroutines around what server methods give that is none.

Knows how anything that can be awaited becomes a coroutine. Does not know calls.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable

__all__ = ["result_of", "result_of_result"]


async def result_of(awaitable: Awaitable[Any]) -> Any:
    """Return what something gives that can be awaited."""
    return await awaitable


async def result_of_result(awaitable: Awaitable[Any]) -> Any:
    """Return what a function gave that ran in a thread of its own; that may have to be awaited as well."""
    outcome = await awaitable
    return await outcome if inspect.isawaitable(outcome) else outcome
