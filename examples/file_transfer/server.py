"""A folder on the network: `python server.py FOLDER [ADDRESS]`."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import caplet

caplet.install_import_hook()

import files_capnp


class PartWriter(caplet.ByteWriter):
    """Writes a file that gets its name when it is whole; one that is given up leaves nothing."""

    def __init__(self, path: Path) -> None:
        self.part = path.with_name(f".{path.name}.part")
        self.path = path
        super().__init__(self.part.open("wb"), close=True)

    async def end(self) -> None:
        await super().end()
        os.replace(self.part, self.path)

    @caplet.on_release
    def give_up(self) -> None:
        self.part.unlink(missing_ok=True)


class FolderServer(files_capnp.Folder.Server):
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, name: str) -> Path:
        """Return the path of a file in the folder; nobody gets out of it."""
        if name != Path(name).name or name.startswith("."):
            raise caplet.Failed(f"{name!r} is no name of a file here")
        return self.folder / name

    async def fetch(self, name: str, into: caplet.ByteStream) -> int:
        with self.path_of(name).open("rb") as file:
            return await caplet.copy_bytes(file, into)

    async def store(self, name: str) -> PartWriter:
        return PartWriter(self.path_of(name))


async def main(folder: Path, address: str) -> None:
    async with caplet.serve(address, FolderServer(folder)) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "tcp://127.0.0.1:0"))
