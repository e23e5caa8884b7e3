"""Knows its clients by their certificates: `python server.py FOLDER [ADDRESS]`.

The folder has `authority.pem`, and `server.pem` with certificate and key; docs/tutorial.md shows how they are made.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from pathlib import Path

import caplet

caplet.install_import_hook()

import who_capnp


class WhoServer(who_capnp.Who.Server):
    """Made anew for each peer."""

    def __init__(self, peer: caplet.Peer) -> None:
        self.peer = peer

    def am_i(self) -> str:
        return self.peer.name or "nobody"


async def main(folder: Path, address: str) -> None:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.pem")
    tls.load_cert_chain(folder / "server.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    async with caplet.serve(address, lambda peer: WhoServer(peer), tls=tls) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "tls://127.0.0.1:0"))
