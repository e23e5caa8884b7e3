"""How many bytes are moved: as a stream of chunks, or as the results of calls."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from bench.peers.latency import us_per_call

__all__ = ["CHUNK_BYTES", "CONTENT_BYTES", "measured_payload"]

CHUNK_BYTES = 64 * 1024
CONTENT_BYTES = 1024 * 1024
_WARM_UP_CHUNKS = 200
_CHUNKS = 2000
_WARM_UP_FETCHES = 10
_FETCHES = 200


async def mb_per_s(write: Callable[[bytes], Awaitable[object]], end: Callable[[], Awaitable[int]]) -> float:
    """Return how many megabytes go through in a second, from the first chunk to the answer that tells that all came.

    Args:
        write: sends one chunk, and returns when there is room for the next.
        end: waits until all chunks are taken, and returns how many bytes they were.
    """
    chunk = b"x" * CHUNK_BYTES
    for count in (_WARM_UP_CHUNKS, _CHUNKS):
        start_s = time.perf_counter()
        for _ in range(count):
            await write(chunk)
        written = await end()
        taken_s = time.perf_counter() - start_s
        if written != count * CHUNK_BYTES:
            raise RuntimeError(f"{written} bytes came, not {count * CHUNK_BYTES}")
    return written / taken_s / 1e6


async def measured_payload(
    work: str,
    fetch: Callable[[], Awaitable[int]],
    write: Callable[[bytes], Awaitable[object]] | None = None,
    end: Callable[[], Awaitable[int]] | None = None,
) -> float:
    """Do the work of a row, and return its figure: MB/s of a "stream", or microseconds for each "fetch".

    Args:
        work: "stream" or "fetch".
        fetch: makes a call that is answered with a mebibyte, and returns how many bytes came.
        write: sends one chunk, and returns when there is room for the next.
        end: waits until all chunks are taken, and returns how many bytes they were.
    """
    if work == "stream":
        assert write is not None
        assert end is not None
        return await mb_per_s(write, end)
    if (came := await fetch()) != CONTENT_BYTES:
        raise RuntimeError(f"{came} bytes came, not {CONTENT_BYTES}")
    return await us_per_call(fetch, _FETCHES, _WARM_UP_FETCHES)
