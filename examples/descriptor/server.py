"""Opens a file for programs that may not: `python server.py FILE SOCKET`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import caplet

caplet.install_import_hook()

import log_capnp


class FileServer(log_capnp.File.Server):
    """An open file."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("rb")
        caplet.attach_fd(self, self.file)

    @caplet.on_release
    def close(self) -> None:
        self.file.close()


class LogServer(log_capnp.Log.Server):
    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> FileServer:
        return FileServer(self.path)


async def main(path: Path, socket: str) -> None:
    async with caplet.serve(f"unix:{socket}", LogServer(path)) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
