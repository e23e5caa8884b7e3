"""Fetches or stores a file: `python client.py ADDRESS fetch|store NAME PATH`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import caplet

caplet.install_import_hook()

import files_capnp


async def main(address: str, action: str, name: str, path: Path) -> None:
    async with caplet.connect(address) as connection:
        folder = connection.bootstrap(files_capnp.Folder)
        if action == "fetch":
            with path.open("wb") as file:
                print("fetched", (await folder.fetch(name=name, into=caplet.ByteWriter(file))).size, flush=True)
        else:
            stream = folder.store(name=name).stream  # written to before it is there
            with path.open("rb") as file:
                print("stored", await caplet.copy_bytes(file, stream), flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4])))
