"""Reads a file through a descriptor that it is given: `python client.py ADDRESS`."""

from __future__ import annotations

import asyncio
import os
import sys

import caplet

caplet.install_import_hook()

import log_capnp


async def main(address: str) -> None:
    async with caplet.connect(address) as connection:
        opened = await connection.bootstrap(log_capnp.Log).open()
        descriptor = await caplet.duplicate_fd(opened.file)  # ours to close
        assert descriptor is not None, "only a Unix socket carries descriptors"
        with os.fdopen(descriptor, encoding="utf-8") as file:
            print(file.read(), end="", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1]))
