# An error is expected in each line that says so.

import every_capnp as e
import named_capnp as n
import standard_capnp as s
from other_capnp import Color

import caplet
from caplet import blocking

person = e.Person(name=5)  # expected
e.Person(nane="x")  # expected
person.age = "x"  # expected
person.phones = [{"numer": "x"}]  # expected
person.color = "blue"  # expected
person.as_reader().name = "x"  # expected
number: int = person.name  # expected
person.phones[0].kind = Color.RED  # expected
if person.which == "square":  # expected
    pass
e.Map[str, e.Person]().entries[0].key.age  # expected
e.Nobody  # expected
wrong: int = e.note.of(e.Noted, "")  # expected
n.Outer.Inside  # expected
n.Outer(class_=None)  # expected
n.Shade.NONE  # expected


async def use(calculator: e.Calculator) -> None:
    calculator.evaluat()  # expected
    calculator.evaluate(depth="x")  # expected
    call = calculator.evaluate(depth=1)
    call.value.rad()  # expected
    text: str = (await call.value.read()).value  # expected
    print(text)


async def use_types_of_methods(better: e.Better) -> None:
    number_: int = (await better.echo[e.Person](value=person)).value  # expected
    await better.echo[e.Person](value=5)  # expected
    better.swap[e.Person]  # expected
    better.best[str]  # expected
    better.again().cancel.best()  # expected
    value: e.Calculator.Value = caplet.this_cap(CalculatorServer())  # expected
    print(number_, value)


class BetterServer(e.Better.Server):
    @caplet.by_context
    async def evaluate(self, context: e.Calculator.Server.EvaluateContext) -> None:
        context.params.expresion  # expected
        context.results.value = 5  # expected

    @caplet.by_context  # expected
    def best(self, one: str, two: str) -> None:
        return None

    async def change(self, size: int, circle: float, label: str) -> e.Figure:  # expected
        return e.Figure()


class CalculatorServer(e.Calculator.Server):
    async def evaluate(self, expression: int, depth: int) -> None:  # expected
        return None

    async def pair(self, a: int) -> str:  # expected
        return ""


class ValueServer(e.Calculator.Value.Server):
    async def read(self, extra: int) -> float:  # expected
        return 1.0


class StoreServer(e.Store.Server[e.Person]):
    async def get(self, key: str) -> tuple[int]:  # expected
        return (1,)


described = s.Described(node={"display_nam": "x"})  # expected
described.size = "bits"  # expected
described.node.const.value.int32 = "x"  # expected
described.as_reader().annotations[0].txt  # expected
s.Outer(call={"numbr": 1})  # expected


class ThingServer(s.Thing.Server):
    async def save(self, seal_for: int) -> str:  # expected
        return ""


def use_from_threads(address: str) -> None:
    with blocking.connect(address) as connection:
        calculator = connection.bootstrap(e.Calculator)
        text: str = calculator.evaluate().value.read().wait().value  # expected
        calculator.evaluate().wait("soon")  # expected
        calculator.evaluate().wait().valeu  # expected
        calculator.evaluate().value.wait()  # expected
        calculator.evaluate(depth=1).value.read(5)  # expected
        other: e.Better = connection.bootstrap(e.Calculator)  # expected
        connection.generation  # expected
        connection.stats()["sent_byte"]  # expected
        print(text, other)
    blocking.connect(address, tmeout_s=1.0)  # expected
    blocking.connect(address, timeout_s="1")  # expected
    blocking.connect(5)  # expected
    blocking.serve(address, e.Person())  # expected
    blocking.serve(address, CalculatorServer(), on_lost=lambda connection: None)  # expected
    blocking.serve(address, CalculatorServer(), max_conections=5)  # expected


async def use_options(address: str) -> None:
    await blocking.connect(address)  # expected
    caplet.connect(address, interceptor=print)  # expected
    caplet.connect(address, packed="yes")  # expected
    caplet.serve(address, CalculatorServer(), hello_timeout_s="1")  # expected
    connection: caplet.Connection = await caplet.connect(address, reconnect=caplet.Reconnect())  # expected
    print(connection)
