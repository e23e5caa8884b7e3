"""The rows about calls: Echo calls between two processes over TCP loopback, and what one costs without a network."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from bench.memory import in_fresh_processes
from bench.processes import cxx_over_loopback, over_loopback
from bench.row import ROUNDS, Contestant, Measure, Row

__all__ = ["ROWS", "WAITING_ROUNDS"]

CALLS = 2000
# What waits for the system to wake a process swings much more than work does; each needs many rounds to have its best one.
WAITING_ROUNDS = 15


def between_processes(name: str, work: str, *others: str, rounds: int = ROUNDS) -> Row:
    """Return a row of one kind of work, in microseconds; pycapnp is always there, `others` names more contestants."""
    contestants: dict[str, Contestant] = {
        "raw-asyncio": partial(over_loopback, "bench.peers.echo_asyncio", work),
        "pycapnp": partial(over_loopback, "bench.peers.echo_pycapnp", work, needs="capnp"),
        "grpc.aio": partial(over_loopback, "bench.peers.echo_grpc", work, needs="grpc"),
        "c++": partial(cxx_over_loopback, "echo_cxx", "echo", work),
    }
    peers = {one: contestant for one, contestant in contestants.items() if one == "pycapnp" or one in others}
    return Row(name, "us", "lower", partial(over_loopback, "bench.peers.echo_caplet", work), peers, rounds)


@contextmanager
def core_call() -> Iterator[Measure]:
    """Call an object through two cores in memory: two connections that are given each other's messages, without a loop or sockets."""
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.local import LocalCapability
    from caplet.testing.host import SimulatedHost
    from caplet.vat import Vat
    from caplet.wire.message import MessageReader

    class Echo:
        """Answers with the number that it was given."""

        def method_flags(self, interface_id: int, method_id: int) -> int:
            return 0

        def dispatch(self, call: IncomingCall) -> None:
            call.results().init_struct(1, 0).set_u64(0, call.params.struct().u64(0))
            call.finish()

        def released(self) -> None:
            pass

    host = SimulatedHost()
    caller, callee = Vat(host), Vat(host, LocalCapability(Echo()))
    there, back = caller.add_connection(), callee.add_connection()

    def deliver() -> None:
        moved = True
        while moved:
            moved = False
            for source, target, vat in ((there, back, callee), (back, there, caller)):
                for message in source.take_output():
                    moved = True
                    target.receive(MessageReader(message.output()))
                vat.turns.run()
            # What a driver would clear when it writes.
            caller.connections_with_output()
            callee.connections_with_output()

    def call(echo: Capability, number: int) -> int:
        request = echo.new_request(1, 0)
        request.params.init_struct(1, 0).set_u64(0, number)
        answer = request.send()
        deliver()
        return answer.result().struct().u64(0)

    promise = there.bootstrap()
    deliver()
    echo = promise.current()

    def measure() -> float:
        assert call(echo, 5) == 5
        start_s = time.process_time()
        for number in range(CALLS):
            call(echo, number)
        return (time.process_time() - start_s) / CALLS * 1e6

    yield measure


def memory(what: str) -> Row:
    """Return a row of how many bytes one more export, import or connection takes."""
    return Row(
        f"memory-{what}",
        "bytes",
        "lower",
        partial(in_fresh_processes, "bench.peers.memory_caplet", what),
        {"pycapnp": partial(in_fresh_processes, "bench.peers.memory_pycapnp", what, needs="capnp")},
    )


ROWS = [
    between_processes("call-latency", "one", "raw-asyncio", "grpc.aio", "c++", rounds=WAITING_ROUNDS),
    between_processes("calls-100", "100", "raw-asyncio", "grpc.aio", "c++"),
    between_processes("pipeline-20", "chain", "c++"),
    Row("core-call", "us of processor time", "lower", core_call, {}),
    *(between_processes(f"calls-in-flight-{count}", str(count), "raw-asyncio") for count in (1, 10, 1000, 100_000)),
    *(memory(what) for what in ("export", "import", "connection")),
]
