"""Asks the counter for each line that is typed, for as long as it takes: `python client.py ADDRESS`."""

from __future__ import annotations

import asyncio
import sys

import caplet

caplet.install_import_hook()

import counter_capnp


async def main(address: str) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    policy = caplet.Reconnect(first_delay_s=0.05, longest_delay_s=1)
    async with caplet.connect(address, reconnect=policy) as connection:
        counter = connection.bootstrap(counter_capnp.Counter)  # outlives every single connection
        connection.on_connected(lambda _: print(f"connection {connection.generation}", flush=True))
        while await lines.readline():
            try:
                print((await counter.next()).number, flush=True)
            except caplet.Disconnected as error:
                # The call was on its way when the connection was lost: only we know whether it may be made twice.
                print(f"lost: {error}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
