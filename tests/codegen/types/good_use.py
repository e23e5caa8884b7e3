from typing import assert_never

import every_capnp as e
from other_capnp import Color, Point

import caplet

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


class ValueServer(e.Calculator.Value.Server):
    async def read(self) -> float:
        return 1.0


class CalculatorServer(e.Calculator.Server):
    async def evaluate(
        self, expression: e.Person, depth: int, *, context: caplet.CallContext | None = None
    ) -> ValueServer:
        return ValueServer()

    def pair(self, a: int) -> tuple[int, str]:
        return a, "x"

    async def push(self, data: bytes) -> None:
        print(data)


class StoreServer(e.Store.Server[e.Person]):
    async def get(self, key: str) -> tuple[e.Person]:
        return (e.Person(name=key).as_reader(),)
