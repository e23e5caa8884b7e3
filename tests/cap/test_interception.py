"""Interceptors are told of every call, and break none."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.cap import call_metadata
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


class Labels(caplet.Interceptor):
    """Sends metadata, and keeps what comes."""

    sends_metadata = True

    def __init__(self, *labels: Any) -> None:
        self.labels = labels
        self.seen: list[dict[str, str]] = []

    def on_start(self, call: caplet.InterceptedCall) -> object:
        if call.outgoing:
            call.metadata.update(self.labels)
        else:
            self.seen.append(dict(call.metadata))
        return None


def labelled(labels: Labels, service: Any, watch: Labels | None) -> tuple[Network, Any]:
    network = Network()
    network.add_vat("alice")
    network.add_vat("bob", as_bootstrap(service if watch is None else caplet.intercept_service(service, watch)))
    network.connect("alice", "bob")
    return network, caplet.intercept(schema.Echo(network.vats["alice"].bootstrap("bob")), labels)


def test_metadata_travels_beside_calls_and_their_backward_calls():
    labels, watch = Labels(("key", "välue"), ("", "")), Labels(("back", "1"))
    network, echo = labelled(labels, Echo(), watch)
    play(network, echo.call_back(listener=Listener()))
    assert play(network, echo.next().echo.echo(number=5)).number == 5
    assert watch.seen == [{"key": "välue", "": ""}] * 3
    assert labels.seen == [{"back": "1"}]
    del echo
    network.vats["bob"].vat.bootstrap = None
    network.assert_idle()


def test_calls_before_the_answer_about_metadata_can_be_cancelled_and_keep_their_order():
    labels, watch, service = Labels(("a", "b")), Labels(), Echo()
    network, echo = labelled(labels, service, watch)
    calls = [echo.echo(number=number) for number in range(4)]
    calls[1].cancel()
    following = echo.next().echo.echo(number=9)
    network.run()
    assert play(network, following).number == 9
    assert [play(network, calls[number]).number for number in (0, 2, 3)] == [0, 2, 3]
    assert len(watch.seen) == 5, "the cancelled one never left"
    del echo, calls, following
    network.vats["bob"].vat.bootstrap = None
    network.assert_idle()


@pytest.mark.parametrize("label", [("key", 5), (5, "value"), ("key", "\ud800")])
def test_metadata_that_is_no_text_is_left_out_and_harms_no_call(label, caplog):
    watch = Labels()
    network, echo = labelled(Labels(label), Echo(), watch)
    assert play(network, echo.echo(number=4)).number == 4
    assert watch.seen == [{}]
    assert "an interceptor failed at the start of a call" in caplog.text


def test_a_connection_that_ends_before_the_answer_about_metadata_fails_the_calls_that_wait():
    network, echo = labelled(Labels(("a", "b")), Echo(), Labels())
    call = echo.echo(number=1)
    network.cut("alice", "bob")
    assert isinstance(play(network, call), caplet.Disconnected)
    assert isinstance(play(network, echo.echo(number=2)), caplet.Disconnected)


def raw_call(network: Network, method_id: int, fill: Any) -> Any:
    target = network.vats["alice"].bootstrap("bob")
    request = target.new_request(call_metadata.INTERFACE_ID, method_id)
    fill(request.params)
    answer = request.send()
    network.run()
    return answer


def test_damaged_metadata_fails_its_call_only():
    watch, service = Labels(), Echo()
    network, echo = labelled(Labels(("a", "b")), service, watch)

    def too_many(params: Any) -> None:
        params.init_struct(2, 2).init_struct_list(1, 257, 0, 2)

    def no_text(params: Any) -> None:
        params.init_struct(2, 2).init_struct_list(1, 1, 0, 2).struct(0).pointer(0).init_list(3, 2)

    def no_list(params: Any) -> None:
        params.init_struct(2, 2).pointer(1).init_struct(1, 0)

    def nothing(params: Any) -> None:
        pass

    for fill, reason in ((too_many, "257"), (no_text, "text"), (no_list, "list")):
        error = raw_call(network, call_metadata.CALL, fill).error
        assert error is not None
        assert reason in error.reason
    assert "0x0000000000000000" in raw_call(network, call_metadata.CALL, nothing).error.reason
    assert "no method 2" in raw_call(network, 2, nothing).error.reason
    assert play(network, echo.echo(number=4)).number == 4


def test_an_object_that_answers_anything_else_to_the_question_gets_ordinary_calls():
    class Odd:
        def __init__(self) -> None:
            self.calls: list[tuple[int, int]] = []

        def method_flags(self, interface_id: int, method_id: int) -> int:
            return 0

        def dispatch(self, call: Any) -> None:
            self.calls.append((call.interface_id, call.method_id))
            if call.interface_id == call_metadata.INTERFACE_ID:
                call.results().init_list(2, 4)
            call.finish()

        def released(self) -> None:
            pass

    from caplet.cap.local import LocalCapability

    odd = Odd()
    network = Network()
    network.add_vat("alice")
    network.add_vat("bob", LocalCapability(odd))
    network.connect("alice", "bob")
    echo = caplet.intercept(schema.Echo(network.vats["alice"].bootstrap("bob")), Labels(("a", "b")))
    play(network, echo.echo(number=1))
    assert odd.calls == [(call_metadata.INTERFACE_ID, 0), (schema.Echo._interface.id, 0)]


def test_the_places_of_fields_are_those_of_the_schema():
    from caplet.std import standard_registry

    registry = standard_registry()
    file = registry.file("caplet/call-metadata.capnp")
    interface = registry.find(file.id, "CallMetadata")
    assert interface.id == call_metadata.INTERFACE_ID
    ask, carry = interface.body.methods
    assert (ask.name, carry.name) == ("takeMetadata", "call")
    params = registry.get(carry.param_struct_type).body
    assert (params.data_word_count, params.pointer_count) == call_metadata.CARRIER_WORDS
    places = {field.name: field.body.offset for field in params.fields}
    assert places == {
        "interfaceId": call_metadata.INTERFACE_AT // 8,
        "methodId": call_metadata.METHOD_AT // 2,
        "params": call_metadata.PARAMS_AT,
        "metadata": call_metadata.METADATA_AT,
    }
