"""The kinds of work of the mixed load, each a function that makes calls, checks what comes of them, and says how it ended.

Knows one connection at a time, by its `Session`. Does not know how connections are opened and how they end.
"""

from __future__ import annotations

import asyncio
import random
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fuzz.soak_service import FAILURES, ON_PURPOSE, File, Listener, Worker, go_around, read_file, resolve_later, schema

import caplet

__all__ = ["WORKS", "Session", "Work"]


@dataclass
class Session:
    """A connection that work is done over.

    Args:
        worker: what the peer offers.
        random: what is drawn by lot.
        passes_fds: whether file descriptors pass.
    """

    worker: schema.Worker
    random: random.Random
    passes_fds: bool

    def data(self, most: int) -> bytes:
        """Return some bytes."""
        return self.random.randbytes(self.random.randrange(1, most))


Work = Callable[[Session], Awaitable[str]]


async def settle(*awaitables: Any) -> list[Any]:
    """Wait for all, whatever becomes of each; raise the first error."""
    outcomes = await asyncio.gather(*awaitables, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return outcomes


def expect(found: object, wanted: object) -> None:
    """Compare what came with what should have."""
    if found != wanted:
        raise AssertionError(f"{found!r} instead of {wanted!r}"[:500])


async def expect_failure(awaitable: Any, kind: type[Exception], text: str) -> None:
    """Wait for an error of a kind, with some text in it; lets the end of the connection pass."""
    try:
        await awaitable
    except kind as error:
        if text not in str(error):
            if isinstance(error, caplet.Disconnected):
                raise
            raise AssertionError(f"{error!r} instead of {text!r}") from error
    else:
        raise AssertionError(f"no {kind.__name__} came")


# --- calls ------------------------------------------------------------------------------------------------------------------------------


async def plain(session: Session) -> str:
    """A small call, built in place or not."""
    left, right = session.random.randrange(1000), session.random.randrange(1000)
    if session.random.random() < 0.5:
        call = session.worker.add(left=left, right=right)
    else:
        request = session.worker.add.request()
        request.params.left, request.params.right = left, right
        call = request.send()
    expect((await call).sum, left + right)
    return "answered"


async def large(session: Session) -> str:
    """Much data there and back."""
    data = session.data(1 << 20) if session.random.random() < 0.1 else session.data(40_000)
    expect((await session.worker.echo(data=data)).data, data)
    return "answered"


async def chain(session: Session) -> str:
    """Calls of objects that are not there yet."""
    worker = session.worker
    for _ in range(session.random.randrange(1, 8)):
        worker = worker.open().worker
    await settle(*[worker.slow(steps=session.random.randrange(3)) for _ in range(2)])
    expect((await worker.add(left=1, right=2)).sum, 3)
    return "answered"


async def dropped(session: Session) -> str:
    """Calls and objects that nobody looks at."""
    session.worker.slow(steps=session.random.randrange(10))
    session.worker.open().worker.add(left=1, right=2)
    session.worker.fail(failure="failed")
    return "dropped"


async def failing(session: Session) -> str:
    """Errors of every kind."""
    name = session.random.choice(list(FAILURES))
    kind = FAILURES[name]
    await expect_failure(session.worker.fail(failure=name), caplet.Failed if kind is ValueError else kind, ON_PURPOSE)
    await expect_failure(
        session.worker.cast_as(schema.Listener).hear(number=1), caplet.Unimplemented, "has no interface"
    )
    return "failed on purpose"


# --- capabilities -----------------------------------------------------------------------------------------------------------------------


async def callbacks(session: Session) -> str:
    """The server calls objects of the client."""
    listener = Listener()
    count = session.random.randrange(1, 20)
    told, back = await settle(
        session.worker.tell(listener=listener, count=count), session.worker.call_back(listener=Worker())
    )
    expect((told.sum, back.sum), (sum(range(1, count + 1)), 3))
    expect(listener.heard, list(range(count)))
    return "called back"


async def keeping(session: Session) -> str:
    """An object of the client is kept by the server, comes back, and is recognised."""
    worker, listener = session.worker.open().worker, Listener()
    await worker.keep(listener=listener)
    back = (await worker.kept()).listener
    expect(await caplet.local_server(back, Listener) is listener, True)
    return "recognised"


async def forwarding(session: Session) -> str:
    """A tail call of an object of the client, or of the server."""
    target = Worker() if session.random.random() < 0.5 else session.worker.open().worker
    expect((await session.worker.forward(worker=target, left=2, right=3)).sum, 5)
    return "answered"


async def late(session: Session) -> str:
    """A promise of the server becomes an object of the client: calls made before and after arrive in order."""
    listener = Listener()
    count = session.random.randrange(1, 10)
    steps = session.random.randrange(6)
    back = session.worker.later(listener=listener, steps=steps).listener
    calls = [back.hear(number=number) for number in range(count)]
    await caplet.when_resolved(back)
    calls += [back.hear(number=number) for number in range(count, 2 * count)]
    await settle(*calls)
    expect(listener.heard, list(range(2 * count)))
    return "in order"


async def promising(session: Session) -> str:
    """A promise of the client is called by the server before it becomes an object, of this side or of the other, or breaks."""
    made, resolver = caplet.promise(schema.Listener)
    call = session.worker.tell(listener=made, count=3)
    await go_around(session.random.randrange(6))
    chance = session.random.random()
    if chance < 0.3:
        resolver.reject(caplet.Overloaded(ON_PURPOSE))
        await expect_failure(call, caplet.Overloaded, ON_PURPOSE)
        return "broken on purpose"
    if chance < 0.6:
        keeper = session.worker.open().worker
        keeping = keeper.keep(listener=Listener())
        resolve_later(resolver, keeper.kept().listener, session.random.randrange(4))
        await settle(keeping, call)
    else:
        resolve_later(resolver, caplet.this_cap(Listener()), session.random.randrange(4))
    expect((await call).sum, 6)
    return "answered"


async def revoked(session: Session) -> str:
    """A reference that was given away is taken back while it is used."""
    reference, revoker = caplet.revocable(caplet.this_cap(Listener()))
    call = session.worker.tell(listener=reference, count=10_000)
    await session.worker.slow(steps=session.random.randrange(20))
    revoker.revoke()
    await expect_failure(call, caplet.Failed, "revoked")
    return "revoked"


async def guarded(session: Session) -> str:
    """Objects behind a membrane, until that is revoked."""
    answer = session.worker.guarded()
    worker, guard = answer.worker, answer.guard
    listener = Listener()
    told, summed = await settle(worker.tell(listener=listener, count=3), worker.open().worker.add(left=1, right=2))
    expect((told.sum, summed.sum, listener.heard), (6, 3, [0, 1, 2]))
    hanging = worker.hang()
    await worker.add(left=1, right=1)
    await guard.revoke()
    await expect_failure(hanging, caplet.Failed, "revoked")
    await expect_failure(worker.add(left=1, right=1), caplet.Failed, "revoked")
    return "revoked"


async def membrane(session: Session) -> str:
    """The objects of the server behind a membrane of this side."""
    guarded = caplet.Membrane(caplet.MembranePolicy()).to_outside(session.worker)
    listener = Listener()
    expect((await guarded.tell(listener=listener, count=4)).sum, 10)
    expect((await guarded.open().worker.open().worker.add(left=1, right=2)).sum, 3)
    return "answered"


async def descriptors(session: Session) -> str:
    """File descriptors there and back, where they pass."""
    data = session.data(100)
    wanted = data if session.passes_fds else None
    expect(await read_file(session.worker.file(data=data).file), wanted)
    expect((await session.worker.read_file(file=File(data))).data, wanted or b"")
    # One that comes and is not looked at.
    await session.worker.file(data=data)
    return "passed" if session.passes_fds else "did not pass"


# --- streams ----------------------------------------------------------------------------------------------------------------------------


async def stream(session: Session) -> str:
    """Calls that hold their sender back."""
    worker = session.worker.open().worker
    pieces = [session.data(20_000) for _ in range(session.random.randrange(1, 20))]
    await caplet.send_items(lambda data: worker.put(data=data), pieces)
    expect((await worker.put_done()).size, sum(map(len, pieces)))
    return "streamed"


async def broken_stream(session: Session) -> str:
    """A stream of calls of which one fails: those behind it do too."""
    worker = session.worker.open().worker

    async def send() -> None:
        await caplet.send_items(lambda data: worker.put(data=data), [b"x" * 1000, b"", *[b"y" * 1000] * 5])
        await worker.put_done()

    await expect_failure(send(), caplet.Failed, ON_PURPOSE)
    return "failed on purpose"


async def upload(session: Session) -> str:
    """A byte stream to the server."""
    data = session.data(200_000)
    made = session.worker.upload()
    done = made.upload.wait()
    _, told = await settle(caplet.copy_bytes(data, made.stream, chunk_bytes=16 << 10), done)
    expect((told.size, told.checksum), (len(data), zlib.crc32(data)))
    return "copied"


async def broken_upload(session: Session) -> str:
    """A byte stream whose writer goes away before its end."""
    made = session.worker.upload()
    done = made.upload.wait()
    stream = made.stream
    del made
    copying = asyncio.ensure_future(caplet.copy_bytes(bytes(1 << 20), stream, chunk_bytes=4 << 10))
    del stream
    await go_around(session.random.randrange(1, 10))
    copying.cancel()
    [ended] = await asyncio.gather(copying, return_exceptions=True)
    if isinstance(ended, caplet.RpcError):
        raise ended
    # What was raised holds on to the stream.
    del copying, ended
    try:
        expect((await done).size, 1 << 20)
    except caplet.Disconnected as error:
        if "released before it was ended" not in str(error):
            raise
        return "given up"
    return "ended in time"


async def download(session: Session) -> str:
    """A byte stream from the server."""
    receiver = caplet.ByteReceiver()
    size = session.random.randrange(1, 200_000)
    data, told = await settle(receiver.read(), session.worker.download(size=size, stream=receiver))
    expect((len(data), zlib.crc32(data)), (size, told.checksum))
    return "copied"


# --- what ends early --------------------------------------------------------------------------------------------------------------------


async def wait_for(call: Any) -> Any:
    """Wait, as a task of its own does."""
    return await call


async def cancelled_task(session: Session) -> str:
    """A task that waits is cancelled, one of another call goes on."""
    steps = session.random.randrange(20)
    waits = [
        asyncio.ensure_future(wait_for(call)) for call in (session.worker.hang(), session.worker.slow(steps=steps))
    ]
    both = session.worker.slow(steps=steps)
    others = [asyncio.ensure_future(wait_for(both)) for _ in range(2)]
    await go_around(session.random.randrange(4))
    for task in (waits[0], others[0]):
        task.cancel()
    first, _, other, _ = await asyncio.gather(*waits, *others, return_exceptions=True)
    for outcome in (first, other):
        if isinstance(outcome, Exception):
            raise outcome
    await settle(waits[1], others[1])
    return "cancelled"


async def cancelled_call(session: Session) -> str:
    """A call is cancelled, with somebody waiting for it, and what was asked of its result breaks."""
    call = session.worker.hang()
    chained = session.worker.open()
    behind = chained.worker.hang()
    await go_around(session.random.randrange(4))
    call.cancel()
    chained.cancel()
    behind.cancel()
    await expect_failure(call, caplet.Failed, "cancelled")
    await expect_failure(behind, caplet.Failed, "cancelled")
    return "cancelled"


async def timed_out(session: Session) -> str:
    """Somebody waits no longer."""
    try:
        async with asyncio.timeout(session.random.random() / 100):
            await session.worker.hang()
    except TimeoutError:
        return "timed out"
    raise AssertionError("a call was answered that never is")


async def failed_group(session: Session) -> str:
    """A group of tasks of which one fails cancels the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(wait_for(session.worker.hang()))
            group.create_task(wait_for(session.worker.fail(failure="overloaded")))
    except ExceptionGroup as raised:
        error = raised.exceptions[0]
        if not isinstance(error, caplet.Overloaded) or not str(error).endswith(ON_PURPOSE):
            raise error from None
    return "cancelled"


async def cancelled_upward(session: Session) -> str:
    """The server waits for a call of the client's object when its caller goes away."""
    listener = Listener()
    telling = asyncio.ensure_future(wait_for(session.worker.tell(listener=listener, count=100_000)))
    [waited] = await asyncio.gather(session.worker.slow(steps=session.random.randrange(10)), return_exceptions=True)
    telling.cancel()
    [outcome] = await asyncio.gather(telling, return_exceptions=True)
    for error in (waited, outcome):
        if isinstance(error, Exception):
            raise error
    return "cancelled"


WORKS: tuple[Work, ...] = (
    plain,
    plain,
    plain,
    large,
    chain,
    dropped,
    failing,
    callbacks,
    keeping,
    forwarding,
    late,
    promising,
    revoked,
    guarded,
    membrane,
    descriptors,
    stream,
    broken_stream,
    upload,
    broken_upload,
    download,
    cancelled_task,
    cancelled_call,
    timed_out,
    failed_group,
    cancelled_upward,
)
