"""What the soak programs call: an object that answers at once, later, never, by calling back, with streams, with errors.

Knows nothing about the load, nor where it is served.
"""

from __future__ import annotations

import asyncio
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import caplet

schema = caplet.load(Path(__file__).with_name("soak.capnp"))

ON_PURPOSE = "on purpose"
FAILURES = {
    "failed": caplet.Failed,
    "overloaded": caplet.Overloaded,
    "disconnected": caplet.Disconnected,
    "unimplemented": caplet.Unimplemented,
    "bug": ValueError,
}


async def go_around(steps: int) -> None:
    """Let the loop go around so many times."""
    for _ in range(steps):
        await asyncio.sleep(0)


def resolve_later(resolver: caplet.Resolver, value: schema.Listener, steps: int) -> None:
    """Resolve a promise when the loop has gone around so many times."""
    if steps:
        asyncio.get_running_loop().call_soon(resolve_later, resolver, value, steps - 1)
    else:
        resolver.resolve(value)


class Listener(schema.Listener.Server):
    """Hears numbers, and keeps them in the order in which they came."""

    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, number: int) -> int:
        self.heard.append(number)
        return len(self.heard)


class File(schema.File.Server):
    """A file with some content, which travels with it."""

    def __init__(self, data: bytes) -> None:
        self.file = os.fdopen(os.memfd_create("soak"), "w+b")
        self.file.write(data)
        self.file.flush()
        caplet.attach_fd(self, self.file)

    @caplet.on_release
    def close_file(self) -> None:
        self.file.close()


async def read_file(file: schema.File) -> bytes | None:
    """Return the content of a file that came; None when none came with it."""
    fd = await caplet.duplicate_fd(file)
    if fd is None:
        return None
    with os.fdopen(fd, "rb") as copy:
        copy.seek(0)
        return copy.read()


class Upload(schema.Upload.Server):
    """Tells what came by a byte stream when it has ended."""

    def __init__(self, receiver: caplet.ByteReceiver) -> None:
        self.receiver = receiver

    async def wait(self) -> tuple[int, int]:
        size = checksum = 0
        async for piece in self.receiver:
            size += len(piece)
            checksum = zlib.crc32(piece, checksum)
        return size, checksum


class Guard(schema.Guard.Server):
    """Revokes a membrane."""

    def __init__(self, membrane: caplet.Membrane) -> None:
        self.membrane = membrane

    def revoke(self) -> None:
        self.membrane.revoke()


class Worker(schema.Worker.Server):
    """Answers in every way that there is.

    Args:
        cut: cuts the connection of a peer.
    """

    def __init__(self, cut: Callable[[object], None] | None = None) -> None:
        self.cut_peer = cut
        self.kept_listener: schema.Listener | None = None
        self.size = 0

    def add(self, left: int, right: int) -> int:
        return left + right

    async def slow(self, steps: int) -> None:
        await go_around(steps)

    def open(self) -> Worker:
        return Worker()

    async def call_back(self, listener: schema.Worker) -> int:
        return (await listener.add(left=1, right=2)).sum

    def fail(self, failure: object) -> None:
        raise FAILURES[failure.name.lower()](ON_PURPOSE)

    async def hang(self) -> None:
        await asyncio.get_running_loop().create_future()

    def echo(self, data: bytes) -> bytes:
        return data

    async def tell(self, listener: schema.Listener, count: int) -> int:
        return sum([(await listener.hear(number=number)).count for number in range(count)])

    def keep(self, listener: schema.Listener) -> None:
        self.kept_listener = listener

    def kept(self) -> schema.Listener:
        kept, self.kept_listener = self.kept_listener, None
        return kept

    def later(self, listener: schema.Listener, steps: int) -> schema.Listener:
        made, resolver = caplet.promise(schema.Listener)
        resolve_later(resolver, listener, steps)
        return made

    def forward(self, worker: schema.Worker, left: int, right: int, context: caplet.CallContext) -> None:
        request = worker.add.request()
        request.params.left, request.params.right = left, right
        context.tail_call(request)

    async def put(self, data: bytes) -> None:
        await asyncio.sleep(0)
        if not data:
            raise caplet.Failed(ON_PURPOSE)
        self.size += len(data)

    def put_done(self) -> int:
        return self.size

    def upload(self) -> tuple[caplet.ByteStream, Upload]:
        receiver = caplet.ByteReceiver()
        return caplet.this_cap(receiver), Upload(receiver)

    async def download(self, size: int, stream: caplet.ByteStream) -> int:
        data = bytes(range(256)) * (size // 256 + 1)
        await caplet.copy_bytes(memoryview(data)[:size], stream, chunk_bytes=16 << 10)
        return zlib.crc32(memoryview(data)[:size])

    def guarded(self) -> tuple[schema.Worker, Guard]:
        membrane = caplet.Membrane(caplet.MembranePolicy())
        return membrane.to_outside(caplet.this_cap(Worker())), Guard(membrane)

    def file(self, data: bytes) -> File:
        return File(data)

    async def read_file(self, file: schema.File) -> bytes:
        return await read_file(file) or b""

    def cut(self, context: caplet.CallContext) -> None:
        if self.cut_peer is None:
            raise NotImplementedError
        self.cut_peer(context.peer)
