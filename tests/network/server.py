"""A server for the network tests: prints its address, then answers each line of its standard input with its state."""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
from pathlib import Path

import caplet

load = caplet.load(Path(__file__).with_name("load.capnp"))
# A slow reader is cut off at this many unsent words: 8 MiB.
LIMITS = caplet.Limits(unsent_words=1 << 20)


class LoadServer(load.Load.Server):
    async def echo(self, text: str) -> str:
        return text

    async def hang(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def bulk(self, size: int) -> bytes:
        return bytes(size)


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def main(address: str) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    changed = asyncio.Event()

    def note(*_: object) -> None:
        changed.set()

    async with caplet.serve(address, LoadServer(), limits=LIMITS, on_connected=note, on_lost=note) as server:
        say(server.address)
        while line := await lines.readline():
            while server.connections != int(line):
                changed.clear()
                await changed.wait()
            gc.collect()  # asyncio's transports end in cycles
            state = {"connections": server.connections, "objects": len(gc.get_objects())}
            say({**state, "resident_bytes": resident_bytes()})


asyncio.run(main(sys.argv[1]))
