"""Interceptors are told of every call, and break none."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.errors import Overloaded, RpcError
from caplet.runtime.servers import as_bootstrap
from caplet.testing.network import Network

schema = caplet.load(Path(__file__).parent.parent / "aio" / "echo.capnp")

where: ContextVar[str] = ContextVar("where", default="nowhere")


class Note(caplet.Interceptor):
    def __init__(self, broken: bool = False) -> None:
        self.lines: list[str] = []
        self.broken = broken

    def on_start(self, call: caplet.InterceptedCall) -> object:
        where.set(call.name)
        self.lines.append(f"{'out' if call.outgoing else 'in'} {call.name}")
        if self.broken:
            raise ValueError("an interceptor that fails")
        return call.name

    def on_end(self, token: object, error: RpcError | None) -> None:
        self.lines.append(f"end {token} {error}")
        if token == "Echo.fail":
            raise ValueError("an interceptor that fails")


class Echo(schema.Echo.Server):
    def __init__(self) -> None:
        self.seen: list[str] = []

    def echo(self, number: int) -> int | tuple[int, str]:
        self.seen.append(where.get())
        return number, ""

    def fail(self) -> None:
        raise Overloaded("full")

    def call_back(self, listener: Any) -> None:
        listener.hear(number=1)

    def next(self) -> Any:
        return Echo()

    async def wait(self) -> None:
        await self.held


class Listener(schema.Listener.Server):
    def hear(self, number: int) -> None:
        pass


def play(network: Network, awaitable: Any) -> Any:
    found: list[Any] = []

    async def method() -> None:
        try:
            found.append(await awaitable)
        except RpcError as error:
            found.append(error)

    network.host.start_method(method())
    network.run()
    [outcome] = found
    return outcome


@pytest.mark.parametrize("side", ["client", "server"])
def test_an_interceptor_is_told_of_every_call_in_both_directions(side, caplog):
    network = Network()
    note, service = Note(), Echo()
    public = caplet.intercept_service(service, note) if side == "server" else service
    network.add_vat("alice")
    network.add_vat("bob", as_bootstrap(public))
    network.connect("alice", "bob")
    echo = schema.Echo(network.vats["alice"].bootstrap("bob"))
    if side == "client":
        echo = caplet.intercept(echo, note)
    ours, theirs = ("out", "in") if side == "client" else ("in", "out")
    assert play(network, echo.echo(number=4)).number == 4
    assert note.lines == [f"{ours} Echo.echo", "end Echo.echo None"]
    note.lines.clear()
    assert play(network, echo.next().echo.echo(number=5)).number == 5
    assert sorted(note.lines) == sorted(
        [f"{ours} Echo.next", f"{ours} Echo.echo", "end Echo.next None", "end Echo.echo None"]
    )
    note.lines.clear()
    with caplog.at_level(logging.ERROR, "caplet.interceptors"):
        assert isinstance(play(network, echo.fail()), Overloaded)
    assert note.lines[0] == f"{ours} Echo.fail"
    assert "full" in note.lines[1]
    assert "an interceptor failed at the end of a call" in caplog.text
    note.lines.clear()
    play(network, echo.call_back(listener=Listener()))
    assert f"{theirs} Listener.hear" in note.lines
    if side == "server":
        assert service.seen == ["Echo.echo"], "what it sets in the context holds for the method"
    del echo
    network.vats["bob"].vat.bootstrap = None
    network.assert_idle()


def test_an_interceptor_that_fails_harms_no_call(caplog):
    network = Network()
    network.add_vat("alice")
    network.add_vat("bob", as_bootstrap(caplet.intercept_service(Echo, Note(broken=True))))
    network.connect("alice", "bob")
    echo = schema.Echo(network.vats["alice"].bootstrap("bob"))
    assert play(network, echo.echo(number=4)).number == 4
    assert "an interceptor failed at the start of a call" in caplog.text


def test_a_cancelled_call_has_ended():
    network = Network()
    service, note = Echo(), Note()
    service.held = network.host.make_waiter()
    network.add_vat("alice")
    network.add_vat("bob", as_bootstrap(caplet.intercept_service(service, note)))
    network.connect("alice", "bob")
    echo = schema.Echo(network.vats["alice"].bootstrap("bob"))
    call = echo.wait()
    network.run()
    call.cancel()
    network.run()
    assert len(note.lines) == 2
    assert "cancel" in note.lines[1]
