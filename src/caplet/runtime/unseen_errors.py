"""Errors of calls that nobody looked at: they are logged, once.

Knows which of them are news. Is not compiled on purpose: a call may be dropped anywhere, also where Python's code has no line, and a log record
needs a frame that has one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from caplet.errors import Disconnected

if TYPE_CHECKING:
    from caplet.errors import RpcError
    from caplet.runtime.interfaces import MethodPlan

__all__ = ["report_unseen"]

_log = logging.getLogger("caplet")


def report_unseen(plan: MethodPlan, error: RpcError) -> None:
    """Log an error that nobody looked at.

    Args:
        plan: the method that was called.
        error: what the call failed with.
    """
    if isinstance(error, Disconnected) or plan.streaming:
        # One error of many calls: the end of a connection, which is no news where this side ended it, or of a stream.
        if error.noticed or (isinstance(error, Disconnected) and error.fault == "local"):
            return
        error.noticed = True
    _log.error("nobody looked at the error of a call of %s: %s: %s", plan, type(error).__name__, error)
