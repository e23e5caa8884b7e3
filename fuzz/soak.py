"""Many calls over sockets, with cancellations and disconnects at random: memory stays flat, tables end empty, nothing warns.

    python -m fuzz.soak --calls 100000 --seed 1

Prints what happened and the resident memory at each tenth of the run; ends with an error when something is left, or memory grew.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import logging
import random
import sys
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field

from fuzz.measuring import resident_bytes
from fuzz.soak_service import Worker, schema

import caplet
from caplet.aio.driver import running_vat

CALLERS = 20


@dataclass
class Report:
    """What happened."""

    outcomes: Counter[str] = field(default_factory=Counter)
    resident_bytes: list[int] = field(default_factory=list)
    left_over: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Soak:
    """One run.

    Args:
        calls: how many calls to make.
        seed: of everything that is random.
    """

    def __init__(self, calls: int, seed: int) -> None:
        self.calls = calls
        self.left = calls
        self.random = random.Random(seed)
        self.report = Report()

    async def run(self) -> Report:
        """Make the calls, with several callers, each with a connection of its own that it loses now and then."""
        began = time.monotonic()
        async with caplet.serve("tcp://127.0.0.1:0", Worker()) as serving:
            await asyncio.gather(*(self.caller(serving.address) for _ in range(CALLERS)))
            for _ in range(20):
                await asyncio.sleep(0)
        gc.collect()
        for _ in range(20):
            await asyncio.sleep(0)
        self.report.left_over = [link.dump() for link in running_vat().links]
        self.report.seconds = time.monotonic() - began
        return self.report

    async def caller(self, address: str) -> None:
        """Make calls until there are none left to make."""
        while self.left > 0:
            connection = await caplet.connect(address)
            worker = connection.bootstrap(schema.Worker)
            for _ in range(self.random.randrange(1, 500)):
                if self.left <= 0:
                    break
                self.left -= 1
                if self.left % max(self.calls // 10, 1) == 0:
                    gc.collect()
                    self.report.resident_bytes.append(resident_bytes())
                await self.one_call(worker)
            under_way = [asyncio.ensure_future(self.begin(worker)) for _ in range(self.random.randrange(3))]
            await asyncio.sleep(0)
            core = connection._link.connection
            await connection.close()
            for outcome in await asyncio.gather(*under_way, return_exceptions=True):
                self.report.outcomes["cut off" if isinstance(outcome, BaseException) else "just in time"] += 1
            core.check()
            if not core.is_idle:
                self.report.left_over.append(core.dump())

    async def begin(self, worker: schema.Worker) -> object:
        """Make a call of any kind and wait for it."""
        kind = self.random.randrange(5)
        if kind == 0:
            return await worker.slow(steps=self.random.randrange(20))
        if kind == 1:
            return await worker.open().worker.add(left=1, right=2)
        if kind == 2:
            return await worker.call_back(listener=Worker())
        if kind == 3:
            return await worker.fail()
        return await worker.add(left=1, right=2)

    async def one_call(self, worker: schema.Worker) -> None:
        """Make a call; cancel it now and then."""
        call = asyncio.ensure_future(self.begin(worker))
        if self.random.random() < 0.2:
            for _ in range(self.random.randrange(4)):
                await asyncio.sleep(0)
            call.cancel()
        try:
            await call
        except asyncio.CancelledError:
            self.report.outcomes["cancelled"] += 1
        except caplet.Failed:
            self.report.outcomes["failed on purpose"] += 1
        else:
            self.report.outcomes["answered"] += 1


def soak(calls: int, seed: int) -> Report:
    """Make a run in a loop of its own; every warning is an error.

    Args:
        calls: how many calls to make.
        seed: of everything that is random.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return asyncio.run(Soak(calls, seed).run())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    wanted = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    print(f"{wanted.calls} calls, seed {wanted.seed}")
    report = soak(wanted.calls, wanted.seed)
    print(f"{report.seconds:.1f} s: " + ", ".join(f"{count} {what}" for what, count in sorted(report.outcomes.items())))
    print("resident MB: " + " ".join(f"{size / 1e6:.1f}" for size in report.resident_bytes))
    for text in report.left_over:
        print(f"left over: {text}")
    grown = report.resident_bytes[-1] - report.resident_bytes[2] if len(report.resident_bytes) > 3 else 0
    if grown > 4_000_000:
        print(f"memory grew by {grown} bytes")
    return 1 if report.left_over or grown > 4_000_000 else 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
