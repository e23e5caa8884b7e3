"""Promises, broken and revocable references, membranes and recognising one's own objects, with typed clients on a simulated network."""

from __future__ import annotations

import gc
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.cap.local import current_turns, set_turns_provider
from caplet.runtime.servers import as_bootstrap
from caplet.testing.network import Network

schema = caplet.load(Path(__file__).parent.parent / "aio" / "echo.capnp")


class Echo(schema.Echo.Server):
    """Notes the numbers that it is called with, and keeps what it is given."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.kept: Any = None

    def echo(self, number: int) -> dict[str, int]:
        self.numbers.append(number)
        return {"number": number}

    def keep(self, listener: Any) -> None:
        self.kept = listener

    def nothing(self) -> Any:
        # Not an Echo; whoever asks knows.
        return None if self.kept is None else self.kept.cast_as(schema.Echo)


class Two:
    """Alice and bob on a simulated network; bob serves an Echo."""

    def __init__(self) -> None:
        self.network = Network()
        self.bob = Echo()
        self.network.add_vat("alice")
        self.network.add_vat("bob", as_bootstrap(lambda peer: self.serve()))
        self.network.connect("alice", "bob")
        self.serve: Any = lambda: self.bob
        self.at("alice")

    def at(self, name: str) -> None:
        """Let things that are made from now on belong to a vat."""
        set_turns_provider(lambda: self.network.vats[name].vat.turns)

    def bootstrap(self) -> Any:
        return schema.Echo(self.network.vats["alice"].bootstrap("bob"))

    def outcome(self, awaitable: Any) -> Any:
        """Await something while the network runs."""
        found: list[Any] = []

        async def method() -> None:
            try:
                found.append(await awaitable)
            except Exception as error:
                found.append(error)

        made: Coroutine[Any, Any, None] = method()
        self.network.host.start_method(made)
        self.network.run()
        assert found, "it is still waiting"
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]


@pytest.fixture
def two() -> Iterator[Two]:
    from caplet.cap import local

    before = local._turns_provider
    made = Two()
    yield made
    made.bob.kept = None
    made.network.assert_idle()
    assert before is None or set_turns_provider(before) is None


def test_a_promise_can_be_called_and_sent_before_it_is_resolved(two: Two) -> None:
    made, resolver = caplet.promise(schema.Echo)
    calls = [made.echo(number=number) for number in range(3)]
    echo = two.bootstrap()
    two.network.run()
    assert two.bob.numbers == []
    assert not resolver.done
    resolver.resolve(echo)
    resolver.reject(ValueError("too late"))
    assert resolver.done
    assert [two.outcome(call).number for call in calls] == [0, 1, 2]
    assert two.bob.numbers == [0, 1, 2]
    assert two.outcome(caplet.when_resolved(made)) == made
    assert "import" in caplet.debug_info(made)


def test_a_rejected_promise_breaks_what_waits(two: Two) -> None:
    made, resolver = caplet.promise(schema.Echo)
    call = made.echo(number=1)
    resolver.reject(ValueError("no"))
    for waiting in (call, made.echo(number=2), caplet.when_resolved(made), caplet.local_server(made, Echo)):
        with pytest.raises(caplet.Failed, match="ValueError: no"):
            two.outcome(waiting)


def test_a_promise_whose_resolver_is_gone_breaks(two: Two) -> None:
    made, resolver = caplet.promise(schema.Echo)
    call = made.echo(number=1)
    del resolver
    with pytest.raises(caplet.Failed, match="given up"):
        two.outcome(call)


def test_a_promise_becomes_a_server_object_or_null(two: Two) -> None:
    made, resolver = caplet.promise(schema.Echo)
    resolver.resolve(Echo())
    assert two.outcome(made.echo(number=1)).number == 1
    made, resolver = caplet.promise(schema.Echo)
    resolver.resolve(None)
    with pytest.raises(caplet.Failed, match="null"):
        two.outcome(made.echo(number=1))
    with pytest.raises(TypeError):
        caplet.promise(schema.Echo)[1].resolve(5)  # type: ignore[arg-type]


def test_null_reads_as_null_at_the_peer_and_broken_stays_broken(two: Two) -> None:
    echo = two.bootstrap()
    two.outcome(echo.keep(listener=caplet.null(schema.Listener)))
    assert two.bob.kept is None
    two.outcome(echo.keep(listener=caplet.broken(schema.Listener, caplet.Overloaded("worn out"))))
    with pytest.raises(caplet.Overloaded, match="worn out"):
        two.outcome(two.bob.kept.hear(number=1))


def test_a_revocable_reference_is_taken_back(two: Two) -> None:
    echo = two.bootstrap()
    reference, revoker = caplet.revocable(echo)
    assert two.outcome(reference.echo(number=1)).number == 1
    assert revoker.held
    revoker.revoke(PermissionError("not any more"))
    with pytest.raises(caplet.Failed, match="PermissionError: not any more"):
        two.outcome(reference.echo(number=2))
    assert not revoker.held
    assert two.outcome(echo.echo(number=3)).number == 3


def test_local_calls_are_asynchronous_and_in_order(two: Two) -> None:
    own = Echo()
    client = caplet.this_cap(own)
    calls = [client.echo(number=number) for number in range(5)]
    assert own.numbers == []
    assert [two.outcome(call).number for call in calls] == list(range(5))
    assert own.numbers == list(range(5))


def test_an_own_object_that_comes_back_is_recognised_row_114(two: Two) -> None:
    class Listener(schema.Listener.Server):  # type: ignore[name-defined,misc]
        def hear(self, number: int) -> None:
            heard.append(number)

    heard: list[int] = []
    own = Listener()
    echo = two.bootstrap()
    two.outcome(echo.keep(listener=own))
    back = echo.nothing().echo.cast_as(schema.Listener)
    call = back.hear(number=1)
    assert two.outcome(caplet.local_server(back, Listener)) is own
    assert heard == [1], "calls that were made before have arrived"
    assert two.outcome(caplet.local_server(back, Echo)) is None
    assert two.outcome(caplet.local_server(echo, Listener)) is None
    assert two.outcome(caplet.local_server(caplet.null(schema.Echo), Listener)) is None
    two.outcome(call)
    two.outcome(echo.keep(listener=None))


def test_the_end_of_a_client_is_heard_once_and_not_when_it_was_cancelled(two: Two) -> None:
    echo = two.bootstrap()
    two.outcome(echo.echo(number=1))
    heard: list[caplet.RpcError] = []

    def fail(error: caplet.RpcError) -> None:
        heard.append(error)
        raise ValueError("a callback that fails harms nobody")

    caplet.on_broken(echo, fail)
    caplet.on_broken(echo, heard.append).cancel()
    caplet.on_broken(caplet.broken(schema.Echo, caplet.Failed("from the start")), heard.append)
    two.network.run()
    two.network.cut("alice", "bob")
    two.network.run()
    assert [type(error) for error in heard] == [caplet.Failed, caplet.Disconnected]


class Filter(caplet.MembranePolicy):
    """Refuses odd numbers and sends one to another object."""

    def __init__(self, other: Any = None) -> None:
        self.seen: list[str] = []
        self.other = other

    def inbound(self, call: caplet.MembraneCall) -> Any:
        self.seen.append(f"in {call.name}")
        assert call.peer in ("alice", None)
        assert isinstance(call.target, caplet.Client)
        if call.name == "Echo.echo":
            number = call.params.as_(schema.Echo.echo.plan.params).number
            if number % 2:
                raise PermissionError("odd")
            if number == 100:
                return self.other
        return None

    def outbound(self, call: caplet.MembraneCall) -> Any:
        self.seen.append(f"out {call.name} {call.interface_id == schema.Listener._interface.id} {call.method_id}")
        return None


def test_a_membrane_puts_every_call_to_its_policy(two: Two) -> None:
    other = Echo()
    policy = Filter(other)
    membrane = caplet.Membrane(policy)
    two.serve = lambda: membrane.to_outside(caplet.this_cap(two.bob))

    class Listener(schema.Listener.Server):  # type: ignore[name-defined,misc]
        def hear(self, number: int) -> None:
            heard.append(number)

    heard: list[int] = []
    echo = two.bootstrap()
    assert two.outcome(echo.echo(number=2)).number == 2
    with pytest.raises(caplet.Failed, match="PermissionError: odd"):
        two.outcome(echo.echo(number=3))
    two.outcome(echo.echo(number=100))
    assert (two.bob.numbers, other.numbers) == ([2], [100])
    two.outcome(echo.keep(listener=Listener()))
    two.at("bob")
    two.outcome(two.bob.kept.hear(number=7))
    assert heard == [7]
    assert policy.seen[-2:] == ["in Echo.keep", "out Listener.hear True 0"]
    two.at("alice")
    assert not membrane.revoked
    membrane.revoke(caplet.Overloaded("closed"))
    assert membrane.revoked
    with pytest.raises(caplet.Overloaded, match="closed"):
        two.outcome(echo.echo(number=2))
    two.at("bob")
    with pytest.raises(caplet.Overloaded, match="closed"):
        two.outcome(two.bob.kept.hear(number=8))


def test_what_crosses_back_is_what_it_was(two: Two) -> None:
    membrane = caplet.Membrane(caplet.MembranePolicy())
    inside = caplet.this_cap(Echo())
    outside = membrane.to_outside(inside)
    assert outside != inside
    assert membrane.to_outside(inside) == outside
    assert membrane.to_inside(outside) == inside
    assert "membrane" in caplet.debug_info(outside)
    two.outcome(outside.echo(number=1))
    gc.collect()


def test_without_a_loop_there_is_no_vat_to_belong_to() -> None:
    from caplet.cap import local

    before = local._turns_provider
    local._turns_provider = None
    try:
        with pytest.raises(caplet.Failed, match="no vat"):
            current_turns()
    finally:
        local._turns_provider = before
