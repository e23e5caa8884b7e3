"""Many bytes by pycapnp."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import capnp

from bench.peers.payload import CONTENT_BYTES, measured_payload
from bench.processes import contestant_main

# What `-> stream` needs is beside the package's own modules.
IMPORTS = [str(Path(capnp.__file__).parent.parent)]
schema = capnp.load(str(Path(__file__).parent.parent / "schemas" / "payload.capnp"), imports=IMPORTS)
CONTENT = b"x" * CONTENT_BYTES


class PayloadServer(schema.Payload.Server):
    written = 0

    async def write(self, chunk: bytes, **_: Any) -> None:
        self.written += len(chunk)

    async def end(self, **_: Any) -> int:
        written, self.written = self.written, 0
        return written

    async def fetch(self, **_: Any) -> bytes:
        return CONTENT


async def on_connection(stream: Any) -> None:
    await capnp.TwoPartyServer(stream, bootstrap=PayloadServer()).on_disconnect()


async def serve() -> None:
    server = await capnp.AsyncIoStream.create_server(on_connection, "127.0.0.1", 0)
    async with server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


async def measure(port: int, work: str) -> float:
    stream = await capnp.AsyncIoStream.create_connection("127.0.0.1", port)
    client = capnp.TwoPartyClient(stream).bootstrap().cast_as(schema.Payload)

    async def fetch() -> int:
        return len((await client.fetch()).content)

    async def end() -> int:
        return int((await client.end()).written)

    return await measured_payload(work, fetch, client.write, end)


if __name__ == "__main__":
    contestant_main(serve, measure, lambda work: asyncio.run(capnp.run(work)))
