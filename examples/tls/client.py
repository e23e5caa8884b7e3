"""Shows a certificate and asks who it is: `python client.py FOLDER ADDRESS [CERTIFICATE]`."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import caplet

caplet.install_import_hook()

import who_capnp


async def main(folder: Path, address: str, certificate: str | None) -> None:
    tls = ssl.create_default_context(cafile=folder / "authority.pem")
    if certificate is not None:
        tls.load_cert_chain(folder / certificate)
    try:
        async with caplet.connect(address, tls=tls) as connection:
            print((await connection.bootstrap(who_capnp.Who).am_i()).name, flush=True)
    except caplet.Disconnected:
        print("refused", flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else None))
