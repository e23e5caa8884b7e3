"""A program that meets the object in the web application: `python client.py ws://127.0.0.1:8000/capnp/ NAME`."""

from __future__ import annotations

import asyncio
import sys

import caplet

caplet.install_import_hook()

import greeter_capnp


async def main(address: str, name: str) -> None:
    async with caplet.connect(address) as connection:
        greeter = connection.bootstrap(greeter_capnp.Greeter)
        print((await greeter.greet(name=name)).greeting, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2]))
