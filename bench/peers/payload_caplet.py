"""Many bytes by Caplet."""

from __future__ import annotations

from typing import Any

import caplet
from bench.peers.caplet_object import serve_object
from bench.peers.payload import CONTENT_BYTES, measured_payload
from bench.processes import SCHEMAS, contestant_main

schema = caplet.load(SCHEMAS / "payload.capnp")
CONTENT = b"x" * CONTENT_BYTES


class PayloadServer(schema.Payload.Server):
    written = 0

    async def write(self, chunk: bytes) -> None:
        self.written += len(chunk)

    async def end(self) -> int:
        written, self.written = self.written, 0
        return written

    async def fetch(self) -> bytes:
        return CONTENT


async def serve() -> None:
    await serve_object(PayloadServer())


async def measure(port: int, work: str) -> float:
    async with caplet.connect(f"tcp://127.0.0.1:{port}") as connection:
        client: Any = connection.bootstrap(schema.Payload)

        async def fetch() -> int:
            return len((await client.fetch()).content)

        async def end() -> int:
            return int((await client.end()).written)

        return await measured_payload(work, fetch, lambda chunk: client.write(chunk=chunk), end)


if __name__ == "__main__":
    contestant_main(serve, measure)
