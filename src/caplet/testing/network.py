"""A simulated network: any number of vats in one process, and messages that move when a test says so.

Knows links between vats, each with a queue in both directions that can be delivered from one message at a time, held, dropped or cut.
Everything goes through real bytes. No sockets, no clock.
"""

from __future__ import annotations

import gc
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from caplet.errors import Disconnected, Failed
from caplet.runtime.references import Reference
from caplet.runtime.servers import Server, capability_of
from caplet.testing.host import SimulatedHost
from caplet.testing.transcript import Transcript
from caplet.vat.vat import Vat
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Coroutine, Sequence

    from caplet.cap.capability import Capability
    from caplet.limits import Limits
    from caplet.rpc.connection import Connection
    from caplet.vat.vat import BootstrapFactory

__all__ = ["Link", "Network", "Pipe", "Public", "SimulatedVat", "as_public"]

Result = TypeVar("Result")
# What can be the public object of a vat of a test.
Public: TypeAlias = "Server | Reference | Capability | BootstrapFactory"


def as_public(bootstrap: Public | None) -> Capability | BootstrapFactory | None:
    """Return the capability of a server or client, and everything else as it is."""
    if isinstance(bootstrap, Server):
        return capability_of(bootstrap)
    return bootstrap._capability if isinstance(bootstrap, Reference) else bootstrap


class Pipe:
    """One direction of a link: messages that were sent and have not arrived.

    Args:
        sender: the name of the vat that sends.
        receiver: the name of the vat that receives.
    """

    def __init__(self, sender: str, receiver: str) -> None:
        self.sender = sender
        self.receiver = receiver
        self.queue: deque[list[bytes]] = deque()
        # From which moment of virtual time each may arrive, and how long those take that are sent from now on.
        self.due_s: deque[float] = deque()
        self.delay_s = 0.0
        self.held = False
        self.hold_before: Callable[[MessageReader], bool] | None = None
        self.target: Connection | None = None

    def put(self, segments: list[bytes], now_s: float) -> None:
        """Take a message that was sent; it never overtakes an earlier one."""
        self.queue.append(segments)
        self.due_s.append(max([now_s + self.delay_s, *list(self.due_s)[-1:]]))

    def take(self) -> list[bytes]:
        """Give the next message."""
        self.due_s.popleft()
        return self.queue.popleft()

    def clear(self) -> None:
        """Lose what is under way."""
        self.queue.clear()
        self.due_s.clear()

    def ready(self, now_s: float) -> bool:
        """Tell whether a message can be delivered."""
        if self.held or not self.queue or self.due_s[0] > now_s:
            return False
        if self.hold_before is not None and self.hold_before(MessageReader(self.queue[0])):
            self.held = True
            self.hold_before = None
            return False
        return True


class SimulatedVat:
    """A vat of the network.

    Args:
        network: the network.
        name: its name.
        vat: the vat itself.
    """

    def __init__(self, network: Network, name: str, vat: Vat) -> None:
        self.network = network
        self.name = name
        self.vat = vat

    def connection(self, other: str) -> Connection:
        """Return the connection to another vat."""
        link = self.network.link(self.name, other)
        return link.ends[self.name]

    def bootstrap(self, other: str) -> Capability:
        """Return the public object of another vat."""
        return self.connection(other).bootstrap()


class Link:
    """Two connected vats."""

    def __init__(self, first: str, second: str, ends: dict[str, Connection]) -> None:
        self.names = (first, second)
        self.ends = ends
        self.pipes = {first: Pipe(first, second), second: Pipe(second, first)}
        self.pipes[first].target = ends[second]
        self.pipes[second].target = ends[first]
        self.alive = True


class Network:
    """Vats in one process.

    Args:
        host: the loop of all of them; a new one if not given.
    """

    def __init__(self, host: SimulatedHost | None = None) -> None:
        self.host = SimulatedHost() if host is None else host
        self.vats: dict[str, SimulatedVat] = {}
        self.links: list[Link] = []
        self.transcript = Transcript()
        self.check_always = True

    # --- building ----------------------------------------------------------------------------------------------------------------

    def add_vat(
        self,
        name: str,
        bootstrap: Public | None = None,
        limits: Limits | None = None,
    ) -> SimulatedVat:
        """Add a vat.

        Args:
            name: what it is called.
            bootstrap: its public object: a server, a client, or, without a schema, a capability or what makes one for each peer.
            limits: bounds for each of its connections; None for the defaults.
        """
        vat = SimulatedVat(self, name, Vat(self.host, as_public(bootstrap), limits, name=name))
        self.vats[name] = vat
        return vat

    def connect(self, first: str, second: str, tail_calls: bool = True) -> Link:
        """Connect two vats."""
        ends = {
            first: self.vats[first].vat.add_connection(second, name=f"{first}-{second}", tail_calls=tail_calls),
            second: self.vats[second].vat.add_connection(first, name=f"{second}-{first}", tail_calls=tail_calls),
        }
        link = Link(first, second, ends)
        self.links.append(link)
        return link

    def link(self, first: str, second: str) -> Link:
        """Return the newest link between two vats."""
        for link in reversed(self.links):
            if set(link.names) == {first, second}:
                return link
        raise KeyError(f"{first} and {second} are not connected")

    def pipe(self, sender: str, receiver: str) -> Pipe:
        """Return the direction from one vat to another."""
        return self.link(sender, receiver).pipes[sender]

    # --- moving ------------------------------------------------------------------------------------------------------------------

    def run_vats(self) -> None:
        """Let every vat do what it can without receiving anything, and collect what it sends."""
        host = self.host
        while True:
            host.awake = False
            for vat in self.vats.values():
                vat.vat.turns.run()
            ran = host.run_ready()
            if not ran and not host.awake and all(vat.vat.turns.idle for vat in self.vats.values()):
                break
        self.collect()

    def collect(self) -> None:
        """Move what was sent into the pipes."""
        for link in self.links:
            for name, pipe in link.pipes.items():
                connection = link.ends[name]
                for message in connection.take_output():
                    segments = [bytes(view) for view in message.output()]
                    self.transcript.record(pipe.sender, pipe.receiver, MessageReader(segments))
                    if link.alive:
                        pipe.put(segments, self.host.clock_s)
        for vat in self.vats.values():
            vat.vat.connections_with_output()

    def deliver(self, sender: str, receiver: str) -> bool:
        """Deliver one message.

        Returns:
            False when there is none that can be delivered.
        """
        self.run_vats()
        pipe = self.pipe(sender, receiver)
        if not pipe.ready(self.host.clock_s):
            return False
        self.deliver_from(pipe)
        return True

    def deliver_from(self, pipe: Pipe, count: int = 1) -> None:
        """Deliver the next messages of a pipe.

        Args:
            pipe: the pipe.
            count: how many, if there are so many; they are digested together, before anything that they cause is begun.
        """
        self.digest_from(pipe, count)
        self.run_vats()
        if self.check_always:
            self.check()

    def digest_from(self, pipe: Pipe, count: int = 1) -> None:
        """Deliver the next messages of a pipe, and begin nothing of what they cause.

        Args:
            pipe: the pipe.
            count: how many, if there are so many.
        """
        assert pipe.target is not None
        for _ in range(count):
            if pipe.ready(self.host.clock_s):
                pipe.target.receive(MessageReader(pipe.take()))

    def deliverable(self) -> list[Pipe]:
        """Return the pipes that have a message to deliver, behind what the vats can do now."""
        self.run_vats()
        return self.pipes_with_messages()

    def pipes_with_messages(self) -> list[Pipe]:
        """Return the pipes that have a message to deliver."""
        return [
            pipe for link in self.links if link.alive for pipe in link.pipes.values() if pipe.ready(self.host.clock_s)
        ]

    def run_at_random(self, source: random.Random, limit: int = 100_000) -> None:
        """Deliver everything that is not held, in an order that chance picks: one of the links' next messages at a time.

        Args:
            source: what picks; the same seed gives the same run.
            limit: how many messages at most.

        Raises:
            AssertionError: it does not come to rest within `limit` messages.
        """
        for _ in range(limit):
            pipes = self.deliverable()
            if not pipes:
                return
            self.deliver_from(source.choice(pipes))
        raise AssertionError(f"the network does not come to rest within {limit} messages")

    def run(self, limit: int = 100_000) -> None:
        """Deliver everything that is not held, link after link, until nothing moves.

        Raises:
            AssertionError: it does not come to rest within `limit` messages.
        """
        for _ in range(limit):
            pipes = self.deliverable()
            if not pipes:
                return
            for pipe in pipes:
                if pipe.ready(self.host.clock_s):
                    self.deliver_from(pipe)
        raise AssertionError(f"the network does not come to rest within {limit} messages")

    def run_program(self, program: Coroutine[Any, Any, Result]) -> Result:
        """Run a program of a test, and deliver everything that is not held until it ends.

        Args:
            program: a coroutine that awaits calls, and nothing of asyncio: there is no event loop here.

        Returns:
            What it returns; what it raises is raised.

        Raises:
            AssertionError: it waits for something that does not happen.
        """
        outcome: list[Result] = []

        async def keep() -> None:
            outcome.append(await program)

        started = self.host.start_method(keep())
        self.run()
        if not outcome:
            started.cancel()
            self.run()
            raise AssertionError("the program waits for something that does not happen")
        return outcome[0]

    def hold(self, sender: str, receiver: str) -> None:
        """Deliver nothing from one vat to another until `release` is called."""
        self.pipe(sender, receiver).held = True

    def release(self, sender: str, receiver: str) -> None:
        """Deliver again."""
        self.pipe(sender, receiver).held = False

    def partition(self, *groups: Sequence[str]) -> None:
        """Deliver nothing between vats of different groups until `heal` is called; nobody is told.

        Args:
            groups: the names of the vats that still hear each other.
        """
        for link in self.links:
            if not any(link.names[0] in group and link.names[1] in group for group in groups):
                for pipe in link.pipes.values():
                    pipe.held = True

    def heal(self) -> None:
        """Deliver again, between all vats."""
        for link in self.links:
            for pipe in link.pipes.values():
                pipe.held = False

    def delay(self, sender: str, receiver: str, seconds_s: float) -> None:
        """Let messages from one vat to another take some virtual time from now on; they stay in order.

        Args:
            sender: the name of the vat that sends.
            receiver: the name of the vat that receives.
            seconds_s: how long each takes.
        """
        self.pipe(sender, receiver).delay_s = seconds_s

    def advance(self, seconds_s: float) -> None:
        """Move virtual time on, and deliver what has arrived by then."""
        self.run()
        self.host.advance(seconds_s)
        self.run()

    def drop(self, sender: str, receiver: str) -> None:
        """Lose the next message."""
        self.run_vats()
        self.pipe(sender, receiver).take()

    def cut(self, first: str, second: str) -> None:
        """Cut a link: both sides notice at once, what is under way is lost."""
        self.run_vats()
        link = self.link(first, second)
        link.alive = False
        for pipe in link.pipes.values():
            pipe.clear()
        for connection in link.ends.values():
            connection.disconnect(Disconnected("the link was cut"))
        self.run_vats()

    # --- checking ----------------------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Verify the invariants of every connection."""
        for link in self.links:
            for connection in link.ends.values():
                connection.check()
                error = connection.error
                if error is not None and error.fault == "internal":
                    raise AssertionError(f"{connection.name}: {error}") from error.__cause__

    def assert_idle(self) -> None:
        """Verify that nothing is left anywhere: no table entry, no queue, no message.

        Raises:
            AssertionError: something is; the text shows the tables.
        """
        gc.collect()
        self.run()
        gc.collect()
        self.run()
        for link in self.links:
            for pipe in link.pipes.values():
                assert not pipe.queue, f"{len(pipe.queue)} messages from {pipe.sender} to {pipe.receiver} are held"
            for connection in link.ends.values():
                connection.check()
                assert connection.is_idle, f"tables are not empty\n{connection.dump()}"
                assert connection.flow.words == 0, f"{connection.flow.words} unanswered words are left"
                assert not connection.flow.streams, "streams are left"
                assert connection.markers == 0, f"{connection.markers} Disembargoes wait"
        for vat in self.vats.values():
            assert vat.vat.turns.idle, f"the turn queue of {vat.name} is not empty"

    def close(self) -> None:
        """End every connection."""
        for vat in self.vats.values():
            vat.vat.close(Failed("the test is over"))
        self.run_vats()
