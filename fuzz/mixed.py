"""Mixed load between two processes for as long as you like: memory stays flat on both sides, everything is settled, nothing is left.

    python -m fuzz.mixed --seconds 600 --seed 1

One process serves, this one has several clients, over every kind of connection, which are closed, cut and opened again. After each tenth
of the time all connections end, and both processes are looked at. Ends with an error when anything grew, was left, came out wrong, or was complained about.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import socket
import ssl
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fuzz.measuring import LOOPS, Complaints, Sample, come_to_rest, resident_bytes, take_sample, unsettled
from fuzz.mixed_load import WORKS, Session
from fuzz.soak_service import ON_PURPOSE, go_around, schema
from tests.aio.transports.certificates import Authority

import caplet
from caplet import blocking

TENTHS = 10
# What may be more in the last tenth than in the second.
MORE_RESIDENT_BYTES = 3_000_000
MORE_OBJECTS = 300
MORE_BLOCKS = 1000
POLICY = caplet.Reconnect(first_delay_s=0.001, longest_delay_s=0.05)


def is_loss(record: logging.LogRecord) -> bool:
    """Tell whether a record is about a connection that is opened again."""
    return record.name == "caplet.reconnect" and "was lost" in record.getMessage()


def is_of_a_dropped_call(record: logging.LogRecord) -> bool:
    """Tell whether a record is about a call that was dropped, and failed on purpose or because it was cut off."""
    text = record.getMessage()
    return text.startswith("nobody looked at the error of a call of ") and (
        text.endswith(ON_PURPOSE) or "Disconnected: " in text
    )


@dataclass
class Report:
    """What happened, and what there was after each part of the run.

    Attributes:
        outcomes: how each kind of work ended, and how often.
        connections: how each kind of connection ended, and how often.
        clients: samples of this process.
        servers: samples of the other one.
        most_bytes: the most memory that this process and the other had in each part.
        wrong: what should not have happened.
        expected: what was complained about on purpose.
    """

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    connections: Counter[tuple[str, str]] = field(default_factory=Counter)
    clients: list[Sample] = field(default_factory=list)
    servers: list[Sample] = field(default_factory=list)
    most_bytes: list[tuple[int, int]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)


class Place:
    """Where the server listens, and how one connects to it.

    Args:
        address: where.
        options: of `connect`.
        given: whether this program opens the socket, and keeps a descriptor by which it is cut.
    """

    def __init__(self, address: str, given: bool = False, **options: Any) -> None:
        self.address = address
        self.options = options
        self.given = given
        self.name = address.partition(":")[0] + (" packed" if "packed" in options else "") + (" given" if given else "")
        self.passes_fds = address.startswith("unix")

    def open_socket(self) -> socket.socket:
        """Open a socket."""
        if self.address.startswith("unix:"):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(self.address.removeprefix("unix:"))
            return sock
        host, _, port = self.address.removeprefix("tcp://").partition(":")
        return socket.create_connection((host, int(port)))


class Client:
    """One client: opens connections one after the other, and works over each.

    Args:
        run: what it belongs to.
        rng: what it draws by lot.
    """

    def __init__(self, run: Mixed, rng: random.Random) -> None:
        self.run = run
        self.random = rng
        self.cutting = False

    async def one_connection(self, place: Place) -> None:
        """Open a connection, work over it, and let it end in one way or another."""
        if self.random.random() < 0.3 and not place.given:
            await self.reconnecting(place)
        else:
            await self.simple(place)

    async def simple(self, place: Place) -> None:
        """Work over one connection."""
        target: Any = place.address
        handle: socket.socket | None = None
        if place.given:
            target = place.open_socket()
            handle = target.dup()
        connection = await caplet.connect(target, **place.options)
        self.run.opened.append(connection)
        session = Session(connection.bootstrap(schema.Worker), self.random, place.passes_fds)
        for _ in range(self.random.randrange(5)):
            await self.batch(place, session)
        ways = ["closed", "closed under way", "aborted", "cut by the server", *(["shut down"] if handle else [])]
        way = self.random.choice(ways)
        if way != "closed":
            cut = self.way_to_cut(way, connection, session, handle)
            await self.batch(place, session, cut)
            await connection.wait_closed()
        await connection.close()
        if handle is not None:
            handle.close()
        self.run.report.connections[place.name, way] += 1

    def way_to_cut(
        self, way: str, connection: caplet.Connection, session: Session, handle: socket.socket | None
    ) -> Callable[[], object]:
        """Return what ends a connection."""
        if way == "closed under way":
            return lambda: self.run.keep(connection.close())
        if way == "cut by the server":
            return lambda: self.run.keep(ignore(session.worker.cut()))
        if way == "shut down" and handle is not None:
            return lambda: handle.shutdown(socket.SHUT_RDWR)
        return connection._link.transport.abort

    async def reconnecting(self, place: Place) -> None:
        """Work over a connection that is opened again whenever it is lost."""
        async with caplet.connect(place.address, reconnect=POLICY, **place.options) as connection:
            connection.on_connected(self.run.opened.append)
            session = Session(connection.bootstrap(schema.Worker), self.random, place.passes_fds)
            for _ in range(self.random.randrange(1, 5)):
                await self.batch(place, session)
                current = connection.current
                way = self.random.choice(["went on", "aborted", "cut by the server", "reset"])
                if way == "went on" or current is None:
                    continue
                cut = connection.reset if way == "reset" else self.way_to_cut(way, current, session, None)
                await self.batch(place, session, cut)
                self.run.report.connections[place.name + " again", way] += 1
                await current.wait_closed()
        self.run.report.connections[place.name + " again", "closed"] += 1

    async def batch(self, place: Place, session: Session, cut: Callable[[], object] | None = None) -> None:
        """Do several pieces of work at once, and cut the connection meanwhile."""
        self.cutting = cut is not None
        pieces = [asyncio.ensure_future(self.piece(place, session)) for _ in range(self.random.randrange(1, 8))]
        if cut is not None:
            await go_around(self.random.randrange(20))
            cut()
        await asyncio.gather(*pieces)
        self.run.note_memory()

    async def piece(self, place: Place, session: Session) -> None:
        """Do one piece of work."""
        report = self.run.report
        work = self.random.choice(WORKS)
        try:
            outcome = await work(session)
        except caplet.Disconnected:
            outcome = "cut off"
            if not self.cutting:
                report.wrong.append(f"{work.__name__} by {place.name}: {traceback.format_exc()}")
        except BaseException:
            outcome = "wrong"
            report.wrong.append(f"{work.__name__} by {place.name}: {traceback.format_exc()}")
        report.outcomes[work.__name__, outcome] += 1
        self.run.done += 1


async def ignore(call: Any) -> None:
    """Wait for a call that cuts its own connection."""
    with contextlib.suppress(caplet.Disconnected):
        await call


def work_blocking(place: Place, rng: random.Random) -> int:
    """Work from a thread; returns how many calls were answered."""
    with blocking.connect(place.address, **place.options) as connection:
        worker = connection.bootstrap(schema.Worker)
        count = rng.randrange(20)
        for number in range(count):
            assert worker.add(left=number, right=1).wait().sum == number + 1
        return count


class Mixed:
    """One run.

    Args:
        parts: how many times both processes are looked at.
        enough: tells, with how many pieces of work were done in this part, whether a part is over.
        seed: of everything that is random.
        loop: which loop the server has.
        clients: how many clients work at once.
    """

    def __init__(self, parts: int, enough: Callable[[int], bool], seed: int, loop: str, clients: int) -> None:
        self.parts = parts
        self.enough = enough
        self.loop = loop
        self.clients = [Client(self, random.Random(f"{seed}:{number}")) for number in range(clients)]
        self.thread_random = random.Random(f"{seed}:thread")
        self.report = Report()
        self.complaints = Complaints({"losses": is_loss, "of dropped calls": is_of_a_dropped_call}).expect(loop)
        # How many pieces of work were done in this part.
        self.done = 0
        # Connections whose tables are to be empty in the end.
        self.opened: list[caplet.Connection] = []
        self.tasks: set[asyncio.Task[None]] = set()

    def keep(self, coroutine: Any) -> None:
        """Run something to its end, which is waited for at the end of the part."""
        task = asyncio.ensure_future(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def note_memory(self) -> None:
        """Note how much memory both processes have."""
        ours, theirs = self.report.most_bytes[-1]
        self.report.most_bytes[-1] = max(ours, resident_bytes()), max(theirs, resident_bytes(self.child.pid))
        self.opened = [connection for connection in self.opened if not connection.closed or unsettled([connection])]

    async def run(self, folder: Path) -> Report:
        """Let both processes work, and look at them in between."""
        Authority().write(folder)
        command = (sys.executable, "-m", "fuzz.mixed_server", self.loop, str(folder))
        self.child = caplet.ChildProcess(*command, cwd=str(Path(__file__).parent.parent))
        with self.complaints:
            await self.run_with(folder)
        self.report.wrong += self.complaints.texts
        if await self.child.wait():
            self.report.wrong.append("the server ended with an error")
        return self.report

    async def run_with(self, folder: Path) -> None:
        """Do so with the server's process."""
        async with caplet.connect(self.child) as connection:
            control = connection.bootstrap(schema.Control)
            places = self.places(folder, list((await control.addresses()).addresses))
            self.report.most_bytes.append((0, 0))
            for place in places:  # what is made once is made before anything is compared
                await self.clients[0].one_connection(place)
            await asyncio.to_thread(work_blocking, places[0], self.thread_random)
            await self.look(control)
            for _ in range(self.parts):
                self.done = 0
                self.report.most_bytes.append((0, 0))
                await asyncio.gather(self.work_threads(places), *[self.work(client, places) for client in self.clients])
                await self.look(control)

    def places(self, folder: Path, addresses: list[str]) -> list[Place]:
        """Return every way to connect."""
        tls = ssl.create_default_context(cafile=folder / "authority.pem")
        tls.load_cert_chain(folder / "client.pem")
        *plain, packed = addresses
        places = [Place(address, **({"tls": tls} if address.startswith(("tls", "wss")) else {})) for address in plain]
        given = [Place(address, given=True) for address in plain[:2]]
        return [*places, *given, Place(packed, packed=True)]

    async def work(self, client: Client, places: list[Place]) -> None:
        """Let a client work until the part is over."""
        while not self.enough(self.done):
            await client.one_connection(client.random.choice(places))

    async def work_threads(self, places: list[Place]) -> None:
        """Let a thread work until the part is over."""
        while not self.enough(self.done):
            count = await asyncio.to_thread(work_blocking, self.thread_random.choice(places[:4]), self.thread_random)
            self.report.outcomes["from a thread", "answered"] += count

    async def look(self, control: schema.Control) -> None:
        """Look at both processes, which do nothing now."""
        await asyncio.gather(*self.tasks)
        await go_around(20)
        report = self.report
        theirs = await control.sample()
        await come_to_rest(report.clients[0] if report.clients else None)
        report.clients.append(take_sample())
        report.servers.append(Sample(*[getattr(theirs, name) for name in Sample._fields]))
        self.opened = unsettled(self.opened)
        report.wrong += [f"left over at the client: {connection.dump()}" for connection in self.opened]
        report.wrong += [f"left over at the server: {text}" for text in theirs.left_over]
        report.wrong += [f"the server says: {text}" for text in theirs.logged]
        report.expected = [f"server: {text}" for text in theirs.expected]
        report.expected += [f"client: {count} {name}" for name, count in self.complaints.expected.items()]


def growth(report: Report) -> list[str]:
    """Return what is more in the last part than in the second, or was never given back."""
    found = []
    for name, samples in (("client", report.clients), ("server", report.servers)):
        base, last = samples[min(2, len(samples) - 1)], samples[-1]
        if last.resident_bytes > base.resident_bytes + MORE_RESIDENT_BYTES:
            found.append(f"the {name} grew by {last.resident_bytes - base.resident_bytes} bytes")
        if last.objects > base.objects + MORE_OBJECTS or last.blocks > base.blocks + MORE_BLOCKS:
            found.append(f"the {name} has {last} where it had {base}")
        first = samples[0]
        found += [
            f"the {name} has {sample} where it had {first}"
            for sample in samples
            if sample.descriptors > first.descriptors or sample.tasks > first.tasks
        ]
    return found


def run_mixed(parts: int, enough: Callable[[int], bool], seed: int, loop: str = "asyncio", clients: int = 12) -> Report:
    """Make a run.

    Args:
        parts: how many times both processes are looked at.
        enough: tells, with how many pieces of work were done in this part, whether a part is over.
        seed: of everything that is random.
        loop: "asyncio" or "uvloop", for both processes.
        clients: how many clients work at once, beside a thread.
    """
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        report = runner.run(Mixed(parts, enough, seed, loop, clients).run(Path(folder)))
    report.wrong += growth(report)
    return report


def show(report: Report) -> None:
    """Print a report."""
    print("part, then of the client and of the server: MB at rest (most), blocks, objects, descriptors, tasks")
    for part, samples in enumerate(zip(report.clients, report.servers, strict=True)):
        line = f"{part:4}"
        for sample, most_bytes in zip(samples, report.most_bytes[part], strict=True):
            line += f"  | {sample.resident_bytes / 1e6:6.1f} ({most_bytes / 1e6:5.1f})" + "".join(
                f" {number:6}" for number in sample[1:]
            )
        print(line)
    for title, counts in (("work", report.outcomes), ("connections", report.connections)):
        print(f"{title}: {sum(counts.values())}")
        for (name, outcome), count in sorted(counts.items()):
            print(f"  {name}, {outcome}: {count}")
    print("complained about on purpose: " + ", ".join(report.expected))
    for text in report.wrong[:20]:
        print(f"wrong: {text}")
    print(f"{len(report.wrong)} things are wrong")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--loop", choices=list(LOOPS), default="asyncio")
    wanted = parser.parse_args()
    print(f"{wanted.seconds} s, seed {wanted.seed}, {wanted.loop}; compiled: {caplet.accelerated}", flush=True)
    clock = Clock(wanted.seconds / TENTHS)
    report = run_mixed(TENTHS, clock.enough, wanted.seed, wanted.loop)
    show(report)
    return 1 if report.wrong else 0


class Clock:
    """Tells when a part is over that takes so long."""

    def __init__(self, part_s: float) -> None:
        self.part_s = part_s
        self.end_s = 0.0
        self.begun = False

    def enough(self, done: int) -> bool:
        """Tell whether it is over; the first question of a part begins it."""
        now_s = time.monotonic()
        if done == 0 and now_s >= self.end_s:
            self.end_s = now_s + self.part_s
        return now_s >= self.end_s


if __name__ == "__main__":
    sys.exit(main())
