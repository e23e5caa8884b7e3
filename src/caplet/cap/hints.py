"""The hints that go with a call: what its caller promises about the results.

Knows their bits. Does not know who follows them.
"""

from __future__ import annotations

__all__ = ["NO_PROMISE_PIPELINING", "ONLY_PROMISE_PIPELINE", "STREAMING"]

NO_PROMISE_PIPELINING = 1
ONLY_PROMISE_PIPELINE = 2
STREAMING = 4
