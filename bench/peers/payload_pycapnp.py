"""Many bytes by pycapnp."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import capnp

from bench.peers.payload import CONTENT_BYTES, measured_payload
from bench.peers.pycapnp_object import connect, run, serve_objects
from bench.processes import SCHEMAS, contestant_main

# What `-> stream` needs is beside the package's own modules.
IMPORTS = [str(Path(capnp.__file__).parent.parent)]
schema = capnp.load(str(SCHEMAS / "payload.capnp"), imports=IMPORTS)
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


async def serve() -> None:
    await serve_objects(PayloadServer)


async def measure(port: int, work: str) -> float:
    _connection, client = await connect(port, schema.Payload)

    async def fetch() -> int:
        return len((await client.fetch()).content)

    async def end() -> int:
        return int((await client.end()).written)

    return await measured_payload(work, fetch, client.write, end)


if __name__ == "__main__":
    contestant_main(serve, measure, run)
