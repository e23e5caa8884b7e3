from typing import assert_never

import every_capnp as e
import named_capnp as n
import standard_capnp as s
from other_capnp import Color, Point

import caplet
from caplet import blocking
from caplet.std import json_capnp, persistent_capnp, schema_capnp
from caplet.wire.untyped import AnyPointer

person = e.Person(name="A", phones=[{"number": "1", "kind": "home"}], at={"x": 1}, color=Color.RED)
person.age = 3
person.phones = [{"number": "x"}]
person.phones[0].number = "5"
person.init_phones(2)[0].kind = "mobile"
person.photo = bytearray(b"x")
person.employment.job.title = "x"
person.any = person
reader: e.Person = person.as_reader()
number: str = reader.phones[0].number
point: Point = reader.at
match reader.which:
    case "circle":
        area: float = reader.circle
    case "label":
        label: str = reader.label
    case _:
        assert_never(reader.which)
bound = e.Map[str, e.Person](entries=[])
for entry in bound.as_reader().entries:
    key: str = entry.key
    value: e.Person = entry.value
age: int = e.Book().as_reader().people.entries[0].value.age
person.init_any().set_text("x")
note: str | None = e.note.of(e.Noted)
spot = e.spot.of(e.Noted)
marked: int = 0 if spot is None else spot.x
within = n.Outer.Within(from_=5)
outer = n.Outer(category=within)
nothing: n.None_ = n.None_()
constant: int = n.pass_.category.from_ + n.Outer.lambda_
shade: n.Shade = n.Shade.NOTHING


async def perform(service: n.Service) -> int:
    return (await service.perform(shade="dark")).outer.category.from_


limit: int = e.Person.limit + e.answer + e.origin.x


async def use(calculator: e.Better, store: e.Store[e.Person]) -> float:
    call = calculator.evaluate(expression={"name": "x"}, depth=3)
    early: e.Calculator.Value = call.value
    results = await early.read()
    later = await call
    stored: e.Person = (await store.get("x")).value
    await calculator.push(b"data")
    request = calculator.pair.request()
    request.params.a = 4
    text: str = (await request.send()).y
    title = calculator.best().person.at
    print(stored, text, title)
    return results.value + (await later.value.read()).value


async def use_types_of_methods(better: e.Better, store: e.Store[e.Person]) -> None:
    person_: e.Person = (await better.echo[e.Person](value=person)).value
    swapped = await better.swap[e.Person, str](a=person, b="y")
    first: str = swapped.first
    second: e.Person = swapped.second
    request = better.echo[e.Person].request()
    request.params.value = person
    found: e.Person = (await request.send()).value
    inner: e.Store[e.Person] = better.find[e.Person](key="x").store
    kept: e.Person = (await inner.get("x")).value
    await store.put(key="x", value=person)
    anything = (await better.echo(value=person)).value.as_(e.Person)
    early = better.again().cancel_.best().person
    only = better.again.request().pipeline_only()
    only.cancel()
    print(person_, first, second, found, kept, anything, early)


class ValueServer(e.Calculator.Value.Server):
    async def read(self) -> float:
        return 1.0

    @caplet.on_release
    async def gone(self) -> None:
        me: e.Calculator.Value = caplet.this_cap(self)
        print(await me.read())


class CalculatorServer(e.Calculator.Server):
    async def evaluate(
        self, expression: e.Person, depth: int, *, context: caplet.CallContext | None = None
    ) -> ValueServer:
        return ValueServer()

    def pair(self, a: int) -> tuple[int, str]:
        return a, "x"

    async def push(self, data: bytes) -> None:
        print(data)


@caplet.shortenable
class BetterServer(e.Better.Server):
    @caplet.by_context
    async def evaluate(self, context: e.Calculator.Server.EvaluateContext) -> None:
        expression: e.Person = context.params.expression
        context.results.value = ValueServer()
        context.release_params()
        context.set_pipeline({"value": ValueServer()})
        print(expression.name, context.params.depth, context.cancelled, context.peer)

    @caplet.by_context
    @caplet.cancellable(False)
    def best(self, context: e.Better.Server.BestContext) -> None:
        context.tail_call(caplet.this_cap(self).best.request())

    async def change(self, size: int, circle: float | None = None, label: str = "") -> e.Figure:
        return e.Figure(size=size, label=label)

    async def again(self) -> "BetterServer":
        caplet.attach_fd(self, 1)
        caplet.shorten(self, BetterServer())
        return self

    async def echo(self, value: AnyPointer) -> AnyPointer:
        return value


class StoreServer(e.Store.Server[e.Person]):
    async def get(self, key: str) -> tuple[e.Person]:
        return (e.Person(name=key).as_reader(),)

    @caplet.by_context
    async def put(self, context: e.Store.Server.PutContext) -> None:
        print(context.params.key)


described = s.Described(node={"display_name": "x", "struct": {"fields": [{"name": "f"}]}}, value={"string": "x"})
described.size = "bit"
described.node.const.value.int32 = 3
node: schema_capnp.Node = described.as_reader().node
title: str = node.annotations[0].brand.scopes[0].which
json_value: json_capnp.Value = described.as_reader().value
function: str = json_value.call.function
remark: s.Note = described.as_reader().annotations[0]
named_so = s.Outer(call={"number": 1}, builder=s.Outer.Values(number=2))


class ThingServer(s.Thing.Server):
    async def describe(self, what: schema_capnp.Type) -> tuple[s.Described]:
        return (s.Described(size=schema_capnp.ElementSize.BIT if what.which == "bool" else "byte"),)

    async def save(self, seal_for: str) -> persistent_capnp.Persistent_SaveResults[str, str]:
        return persistent_capnp.Persistent_SaveResults(sturdy_ref=seal_for)


async def use_standard(thing: s.Thing) -> None:
    inner: schema_capnp.Node = (await thing.describe({"list": {"element_type": {"text": None}}})).described.node
    reference: str = (await thing.save("me")).sturdy_ref
    print(inner.id, reference)


def use_from_threads(address: str) -> float:
    with blocking.connect(address, timeout_s=5.0, packed=True, interceptor=caplet.Interceptor()) as connection:
        calculator: e.Calculator = connection.bootstrap(e.Calculator)
        call = calculator.evaluate(expression=person, depth=1)
        early: float = call.value.read().wait().value
        late: e.Calculator.Value = call.wait(timeout_s=2.0).value
        second: str = calculator.pair(a=1).wait(2.0).y
        better: e.Better = calculator.cast_as(e.Better)
        swapped: str = better.swap[e.Person, str](a=person, b="y").wait().first
        calculator.push(data=b"x").wait()
        same: e.Calculator = blocking.when_resolved(calculator, timeout_s=1.0)
        stats: caplet.ConnectionStats = connection.stats()
        print(late, second, swapped, same, stats["sent_bytes"], connection.peer.name)
        return early


def use_again_from_threads(address: str) -> None:
    policy = caplet.Reconnect(lazy=True)
    with blocking.connect(address, reconnect=policy, limits=caplet.Limits(), bootstrap=CalculatorServer()) as again:
        number: int = again.generation
        connection: blocking.Connection = again.wait_connected(5.0)
        current = again.stats()["current"]
        print(number, connection.closed, None if current is None else current["age_s"])


def serve_from_threads() -> None:
    def lost(connection: caplet.Connection, error: caplet.RpcError) -> None:
        print(connection.peer.address, error.kind)

    with blocking.serve(
        ["tcp://127.0.0.1:0", "memory:x"], CalculatorServer, max_connections=5, idle_timeout_s=None, on_lost=lost
    ) as server:
        addresses: list[str] = server.addresses
        server.shutdown(drain_timeout_s=1.0)
        print(addresses)


async def use_options(address: str) -> None:
    async with caplet.serve(address, lambda peer: CalculatorServer(), on_connected=print, interceptor=None) as server:
        async with caplet.connect(server.address, tls=None, server_hostname="x") as connection:
            calculator = connection.bootstrap(e.Calculator)
            print(await calculator.evaluate(depth=1))
        opened: caplet.Connection = await caplet.connect(server.address)
        again: caplet.ReconnectingConnection = await caplet.connect(server.address, reconnect=caplet.Reconnect())
        print(opened, again.generation)
