"""What clients and servers say about their methods by themselves: whether results are pipelined on, and who may cancel what."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

import caplet
from caplet.cap.local import CANCELLABLE, ONE_AT_A_TIME
from caplet.rpc import decode
from caplet.runtime.servers import capability_of

# Where a Call says it.
NO_PROMISE_PIPELINING_BIT = 129
PLAIN = """
@0xd8d2d6d1c6e5b7a1;
interface Worker {
  run @0 (number :Int32) -> (number :Int32);
  child @1 () -> (worker :Worker);
  any @2 () -> (value :AnyPointer);
  nested @3 () -> (list :List(Inner));
  feed @4 (number :Int32) -> stream;
  struct Inner { inner @0 :Inner; text @1 :Text; }
}
"""
# The same with the annotation, on one interface only.
ANNOTATED = """
@0xd8d2d6d1c6e5b7a2;
using Cxx = import "/capnp/c++.capnp";
interface Worker $Cxx.allowCancellation {
  run @0 (number :Int32) -> (number :Int32);
  feed @1 (number :Int32) -> stream;
}
"""


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("hints")
    found = {}
    for name, text in (("plain", PLAIN), ("annotated", ANNOTATED)):
        (folder / f"{name}.capnp").write_text(text)
        found[name] = caplet.load(folder / f"{name}.capnp")
    return found


def flags_of(schema: Any, server: Any, methods: Sequence[str]) -> list[bool]:
    """Return whether calls of the methods may be cancelled while they run."""
    capability = capability_of(server)
    numbers = {name: number for number, name in enumerate(caplet.schema_of(schema.Worker).methods)}
    found = []
    for name in methods:
        flags = capability.dispatcher.method_flags(caplet.schema_of(schema.Worker).id, numbers[name])
        assert bool(flags & ONE_AT_A_TIME) is (name == "feed")
        found.append(bool(flags & CANCELLABLE))
    return found


@pytest.mark.parametrize(
    ("name", "explicit", "expected"),
    [
        # Without the annotation: ordinary methods yes, streaming ones no.
        ("plain", None, [True, False]),
        # With it: all of them.
        ("annotated", None, [True, True]),
        # What a program says counts for more than either.
        ("plain", True, [True, True]),
        ("annotated", False, [False, False]),
    ],
)
def test_who_may_cancel_what_is_said_by_the_program_else_by_the_annotation_else_by_the_kind_of_method(
    schemas: dict[str, Any], name: str, explicit: bool | None, expected: list[bool]
) -> None:
    schema = schemas[name]

    class Server(schema.Worker.Server):
        async def run(self, number: int) -> int:
            return number

        async def feed(self, number: int) -> None:
            return None

    served: Any = Server if explicit is None else caplet.cancellable(explicit)(Server)
    assert flags_of(schema, served(), ["run", "feed"]) == expected


def test_a_call_says_by_itself_that_nothing_can_be_pipelined_on_results_without_capabilities_H1(
    schemas: dict[str, Any],
) -> None:
    schema = schemas["plain"]
    said: dict[int, bool] = {}

    class Server(schema.Worker.Server):
        async def run(self, number: int) -> int:
            return number

        def child(self) -> Any:
            return Server()

    def trace(direction: str, message: Any) -> None:
        kind, body = decode.read_message(message)
        if direction == "sent" and kind == decode.CALL:
            said[body.u16(4)] = body.boolean(NO_PROMISE_PIPELINING_BIT, False)

    async def main() -> None:
        async with caplet.serve("memory:hints", Server()), caplet.connect("memory:hints") as connection:
            worker = connection.bootstrap(schema.Worker)
            await worker.run(1)
            connection.trace(trace)
            await worker.run(1)
            await worker.child()
            for missing in (worker.any(), worker.nested()):
                with pytest.raises(caplet.Unimplemented):
                    await missing
            connection.trace(None)

    asyncio.run(asyncio.wait_for(main(), 60))
    # An AnyPointer may hold one, and a structure that leads back to itself must not be followed for ever.
    assert said == {0: True, 1: False, 2: False, 3: True}
