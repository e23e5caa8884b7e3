"""Spans by OpenTelemetry: both sides of each call, the client's as the parent of the server's, and peers that know nothing of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import baggage, context
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span

import caplet
from caplet.aio.driver import running_vat
from caplet.telemetry import OpenTelemetry

schema = caplet.load(Path(__file__).parent / "aio" / "echo.capnp")
TIMEOUT_S = 60


class Echo(schema.Echo.Server):
    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.order: list[int] = []
        self.traces: list[int] = []
        self.baggage: object = None
        self.downstream: Any = None
        self.total = 0

    async def echo(self, number: int, text: str) -> tuple[int, str]:
        self.order.append(number)
        self.traces.append(get_current_span().get_span_context().trace_id)
        self.baggage = baggage.get_baggage("tenant")
        if self.downstream is not None:
            await self.downstream.echo(number=number + 1)
        return number, text

    def fail(self, reason: str, kind: str) -> None:
        raise caplet.Overloaded(reason) if kind == "overloaded" else ValueError(reason)

    def next(self) -> Any:
        return self

    async def call_back(self, listener: Any, times: int) -> int:
        for number in range(times):
            await listener.hear(number)
        return times

    async def wait(self) -> None:
        self.waiting.set()
        await asyncio.get_running_loop().create_future()

    def push(self, content: bytes) -> None:
        self.total += len(content)

    def done(self) -> int:
        return self.total


class Listener(schema.Listener.Server):
    def __init__(self) -> None:
        self.heard: list[int] = []

    def hear(self, number: int) -> None:
        self.heard.append(number)


class Tracing:
    """A place where spans are kept, and what makes them."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("test")
        self.interceptor = OpenTelemetry(self.provider)

    def spans(self, kind: SpanKind | None = None) -> list[ReadableSpan]:
        found = self.exporter.get_finished_spans()
        return [span for span in found if kind is None or span.kind is kind]

    def pairs(self) -> list[tuple[str, str]]:
        """Check that each span of a server has one of a client as its parent, of the same call, and return the calls."""
        clients = {span.context.span_id: span for span in self.spans(SpanKind.CLIENT)}
        found = []
        for span in self.spans(SpanKind.SERVER):
            assert span.parent is not None, span.name
            assert span.parent.is_remote
            client = clients.pop(span.parent.span_id)
            assert client.name == span.name
            assert client.context.trace_id == span.context.trace_id
            found.append((client.name, span.name))
        assert not clients
        return found


World = Callable[[Any, Echo, Tracing], Awaitable[None]]


def tables_are_empty(links: list[Any]) -> bool:
    return all(link.is_idle for link in links)


def play(
    address: str, scenario: World, *, server: bool = True, client: bool = True, intercept: bool = False
) -> Tracing:
    """Run a scenario between a client and a server, with telemetry on each side or not; at the end all tables are empty."""
    tracing = Tracing()

    async def main() -> None:
        service = Echo()
        on_server = tracing.interceptor if server else None
        on_client = tracing.interceptor if client and not intercept else None
        async with (
            asyncio.timeout(TIMEOUT_S),
            caplet.serve(address, service, interceptor=on_server) as serving,
            caplet.connect(serving.address, interceptor=on_client) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            if intercept:
                echo = caplet.intercept(echo, tracing.interceptor)
            await scenario(echo, service, tracing)
            links = list(running_vat().links)
            echo.close()
        assert len(links) == 2
        assert tables_are_empty(links), [link.dump() for link in links]

    asyncio.run(main())
    return tracing


everywhere = pytest.mark.parametrize("address", ["memory:telemetry", "tcp://127.0.0.1:0"])


@everywhere
@pytest.mark.parametrize("intercept", [False, True])
def test_a_call_is_one_span_on_each_side_and_the_first_call_too(address: str, intercept: bool) -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        with tracing.tracer.start_as_current_span("outer") as outer:
            token = context.attach(baggage.set_baggage("tenant", "acme"))
            assert (await echo.echo(number=7, text="x")).number == 7
            context.detach(token)
        assert service.traces == [outer.get_span_context().trace_id]
        assert service.baggage == "acme"

    tracing = play(address, scenario, intercept=intercept)
    assert tracing.pairs() == [("Echo/echo", "Echo/echo")]
    [client] = tracing.spans(SpanKind.CLIENT)
    [server] = tracing.spans(SpanKind.SERVER)
    [outer] = tracing.spans(SpanKind.INTERNAL)
    assert client.parent is not None
    assert client.parent.span_id == outer.context.span_id
    for span in (client, server):
        assert span.attributes is not None
        assert span.attributes["rpc.system"] == "capnproto"
        assert span.attributes["rpc.service"] == "Echo"
        assert span.attributes["rpc.method"] == "echo"
        assert span.status.status_code is StatusCode.UNSET


@everywhere
def test_pipelined_calls_carry_their_context_and_keep_their_order(address: str) -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        following = echo.next()
        calls = [following.echo.echo(number=number) if number % 2 else echo.echo(number=number) for number in range(20)]
        deep = echo.next().echo.next().echo.next().echo.echo(number=99)
        await asyncio.gather(*calls, deep, following)
        through_the_promise = [number for number in service.order if number % 2 and number != 99]
        assert through_the_promise == list(range(1, 20, 2))
        assert [number for number in service.order if number % 2 == 0] == list(range(0, 20, 2))
        # The same reference, before and after the promise behind it is known.
        service.order.clear()
        late = echo.next()
        reference = late.echo
        first = [reference.echo(number=number) for number in range(5)]
        await late
        await asyncio.gather(*first, *[reference.echo(number=number) for number in range(5, 10)])
        assert service.order == list(range(10))

    tracing = play(address, scenario)
    assert len(tracing.pairs()) == 36


@everywhere
def test_calls_back_to_the_client_are_traced_too(address: str) -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        listener = Listener()
        await echo.call_back(listener=listener, times=3)
        assert listener.heard == [0, 1, 2]

    tracing = play(address, scenario)
    assert sorted(tracing.pairs()) == [("Echo/callBack",) * 2, *[("Listener/hear",) * 2] * 3]
    [around] = [span for span in tracing.spans(SpanKind.SERVER) if span.name == "Echo/callBack"]
    inner = [span for span in tracing.spans(SpanKind.CLIENT) if span.name == "Listener/hear"]
    assert [span.parent and span.parent.span_id for span in inner] == [around.context.span_id] * 3


def test_what_a_method_calls_belongs_to_its_own_span() -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        below = Echo()
        async with (
            caplet.serve("memory:downstream", below, interceptor=tracing.interceptor),
            caplet.connect("memory:downstream", interceptor=tracing.interceptor) as connection,
        ):
            service.downstream = connection.bootstrap(schema.Echo)
            await echo.echo(number=1)
            service.downstream.close()
            service.downstream = None
        assert below.order == [2]
        assert below.traces == service.traces

    tracing = play("memory:telemetry", scenario)
    assert len(tracing.pairs()) == 2
    outer, inner = sorted(tracing.spans(SpanKind.SERVER), key=lambda span: span.start_time or 0)
    between = {span.context.span_id: span for span in tracing.spans(SpanKind.CLIENT)}[inner.parent.span_id]  # type: ignore[union-attr]
    assert between.parent is not None
    assert between.parent.span_id == outer.context.span_id


@everywhere
def test_errors_and_cancellation_show_in_the_status(address: str) -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        with pytest.raises(caplet.Overloaded):
            await echo.fail(reason="full", kind="overloaded")
        with pytest.raises(caplet.Failed):
            await echo.fail(reason="no", kind="")
        with pytest.raises(caplet.Unimplemented):
            await echo.missing()
        call = echo.wait()
        await service.waiting.wait()
        call.cancel()
        while len(tracing.spans()) < 8:  # noqa: ASYNC110  (the end of a cancelled method has no event)
            await asyncio.sleep(0)

    tracing = play(address, scenario)
    for kind in (SpanKind.CLIENT, SpanKind.SERVER):
        found = [(span.attributes or {})["error.type"] for span in tracing.spans(kind)]
        assert found == ["overloaded", "failed", "unimplemented", "cancelled"]
        assert all(span.status.status_code is StatusCode.ERROR for span in tracing.spans(kind))
        assert "full" in (tracing.spans(kind)[0].status.description or "")
    tracing.pairs()


@everywhere
def test_streams_flow_and_are_traced(address: str) -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        for _ in range(50):
            await echo.push(content=b"x" * 10_000)
        assert (await echo.done()).total == 500_000

    tracing = play(address, scenario)
    assert len(tracing.pairs()) == 51


@everywhere
def test_a_peer_without_telemetry_sees_ordinary_calls(address: str) -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        calls = [echo.echo(number=number) for number in range(10)]
        calls += [echo.next().echo.echo(number=number) for number in range(10, 20)]
        await asyncio.gather(*calls)
        assert service.order == list(range(20))
        assert set(service.traces) == {0}, "nothing was sent along"

    tracing = play(address, scenario, server=False)
    assert len(tracing.spans(SpanKind.CLIENT)) == 30
    assert not tracing.spans(SpanKind.SERVER)


def test_a_client_without_telemetry_gives_spans_without_a_parent() -> None:
    async def scenario(echo: Any, service: Echo, tracing: Tracing) -> None:
        with tracing.tracer.start_as_current_span("of the client's program"):
            await echo.echo(number=1)

    tracing = play("memory:telemetry", scenario, client=False)
    [server] = tracing.spans(SpanKind.SERVER)
    assert server.parent is None


def test_a_connection_that_is_opened_again_asks_again() -> None:
    tracing = Tracing()

    async def main() -> None:
        policy = caplet.Reconnect(first_delay_s=0.01)
        async with (
            asyncio.timeout(TIMEOUT_S),
            caplet.connect("memory:again", reconnect=policy, interceptor=tracing.interceptor) as connection,
        ):
            echo = connection.bootstrap(schema.Echo)
            for interceptor in (tracing.interceptor, None, tracing.interceptor):
                service = Echo()
                async with caplet.serve("memory:again", service, interceptor=interceptor):
                    await echo.echo(number=1)
                    assert service.order == [1]
                while connection.connected:  # noqa: ASYNC110  (it hears of the end in the loop's next rounds)
                    await asyncio.sleep(0)

    asyncio.run(main())
    assert len(tracing.spans(SpanKind.CLIENT)) == 3
    assert len(tracing.spans(SpanKind.SERVER)) == 2
