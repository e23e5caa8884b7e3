"""Clients for the network tests: `client.py ADDRESS KIND COUNT`; each prints what became of its calls."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import caplet

load = caplet.load(Path(__file__).with_name("load.capnp"))
CHUNK_BYTES = 1 << 20


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


async def hang(address: str, count: int) -> None:
    """Make many calls that are never answered, and tell what each ended with, and what is left in the tables."""
    async with caplet.connect(address) as connection:
        client = connection.bootstrap(load.Load)
        calls = [client.hang() for _ in range(count)]
        await client.echo(text="x")
        say("under way")
        outcomes = Counter([type(outcome).__name__ for outcome in await asyncio.gather(*calls, return_exceptions=True)])
        del calls, client
        await connection.wait_closed()
        tables = ("questions", "answers", "exports", "imports", "embargoes", "unsent_bytes", "unanswered_words")
        left = {name: count for name, count in connection.stats().items() if count and name in tables}
        say({"outcomes": outcomes, "left": left})


async def leave(address: str, count: int) -> None:
    """Open many connections, make a call on each, and wait to be killed."""
    connections = [await caplet.connect(address) for _ in range(count)]
    clients = [connection.bootstrap(load.Load) for connection in connections]
    await asyncio.gather(*[client.echo(text="x") for client in clients])
    say("there")
    await asyncio.get_running_loop().create_future()


async def stop_reading(address: str, count: int) -> None:
    """Ask for a lot, and stop before any of it is there."""
    async with caplet.connect(address) as connection:
        client = connection.bootstrap(load.Load)
        await client.echo(text="x")
        calls = [client.bulk(size=CHUNK_BYTES) for _ in range(count)]
        for _ in range(10):  # rounds of the loop, in which the calls leave
            await asyncio.sleep(0)
        say("stopping")
        os.kill(os.getpid(), signal.SIGSTOP)
        outcomes = Counter([type(outcome).__name__ for outcome in await asyncio.gather(*calls, return_exceptions=True)])
        say({"outcomes": outcomes})


async def echo(address: str, count: int) -> None:
    """Make small calls, one after the other."""
    async with caplet.connect(address) as connection:
        client = connection.bootstrap(load.Load)
        say({"answered": sum([(await client.echo(text=str(number))).text == str(number) for number in range(count)])})


async def come_back(address: str, count: int) -> None:
    """Make calls before the cable is cut, while it is, and when it is mended."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    logging.getLogger("caplet.reconnect").setLevel(logging.ERROR)  # that attempts fail is what is wanted here
    policy = caplet.Reconnect(first_delay_s=0.05, longest_delay_s=0.2)
    async with caplet.connect(address, timeout_s=1, reconnect=policy) as connection:
        client = connection.bootstrap(load.Load)
        hanging = client.hang()
        say((await client.echo(text="before")).text)
        await lines.readline()
        try:
            async with asyncio.timeout(1):
                await client.echo(text="lost")
        except TimeoutError:
            connection.reset()
        [outcome] = await asyncio.gather(hanging, return_exceptions=True)
        waiting = [client.echo(text=f"after {number}") for number in range(count)]
        say(type(outcome).__name__)
        say([(await call).text for call in waiting])


KINDS = {"hang": hang, "leave": leave, "stop-reading": stop_reading, "echo": echo, "come-back": come_back}
asyncio.run(KINDS[sys.argv[2]](sys.argv[1], int(sys.argv[3])))
