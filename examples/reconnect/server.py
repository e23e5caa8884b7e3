"""A counter on the network: `python server.py [ADDRESS]`. Kill it and start it again: its clients come back."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from itertools import count

import caplet

caplet.install_import_hook()

import counter_capnp


class CounterServer(counter_capnp.Counter.Server):
    """Counts from one."""

    def __init__(self) -> None:
        self.numbers = count(1)

    def next(self) -> int:
        return next(self.numbers)


async def main(address: str) -> None:
    async with caplet.serve(address, CounterServer()) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:0"))
