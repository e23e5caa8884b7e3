"""JSON-RPC 2.0: objects called over streams by any program that speaks it, and the other way round."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet import Disconnected, Limits, Overloaded, RpcError, Unimplemented
from caplet.aio.driver import running_vat
from caplet.aio.json_rpc import JsonRpcConnection
from caplet.errors import DecodeError
from caplet.json_rpc import JsonRpcError, JsonRpcPeer
from caplet.json_rpc_framing import ContentLengthFraming, LineFraming


def in_a_loop(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Make a test of a coroutine function."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        async def main() -> None:
            async with asyncio.timeout(60):
                await test(*args, **kwargs)

        asyncio.run(main())

    return run


SCHEMA = """@0xe2b7f7d4a9c15d03;
using Json = import "/capnp/compat/json.capnp";
interface Base { ping @0 () -> (); }
interface Service extends(Base) {
  add @0 (left :Int32, right :Int32) -> (sum :Int64);
  note @1 (words :Text) -> () $Json.notification $Json.name("log/note");
  fail @2 (kind :Text) -> ();
  hang @3 () -> ();
  give @4 () -> (service :Service);
  missing @5 () -> ();
}
"""


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path: Path = tmp_path_factory.mktemp("json_rpc") / "service.capnp"
    path.write_text(SCHEMA)
    return caplet.load(str(path))


def make_service(schema: Any) -> Any:
    class ServiceServer(schema.Service.Server):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            self.notes: list[str] = []
            self.cancelled = 0

        async def ping(self) -> None:
            pass

        async def add(self, left: int, right: int) -> int:
            return left + right

        async def note(self, words: str) -> None:
            self.notes.append(words)

        async def fail(self, kind: str) -> None:
            if kind == "own":
                raise JsonRpcError("mine", code=7, data={"why": [1]})
            raise Overloaded("too much") if kind == "overloaded" else ValueError("no")

        async def hang(self) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled += 1

        async def give(self) -> Any:
            return self

    return ServiceServer()


class Raw:
    """A peer of which the test says every byte, in lines."""

    def __init__(self, peer: JsonRpcPeer) -> None:
        self.peer = peer

    async def say(self, text: str) -> list[Any]:
        """Let a line arrive, and return what is answered."""
        self.peer.receive(text.encode() + b"\n")
        for _ in range(5):
            running_vat().turn()
            await asyncio.sleep(0)
        return [json.loads(part) for part in self.peer.take_output()]


def raw(service: Any, **options: Any) -> Raw:
    limits = options.pop("limits", Limits())
    return Raw(JsonRpcPeer(running_vat().vat.turns, service, framing=LineFraming(1 << 20), limits=limits, **options))


@asynccontextmanager
async def both(service: Any, other: Any = None, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    """Two connections over a socket of this machine."""
    accepted: asyncio.Future[JsonRpcConnection] = asyncio.get_running_loop().create_future()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(JsonRpcConnection(reader, writer, service, **options))

    listening = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        async with asyncio.timeout(30):
            streams = await asyncio.open_connection(*listening.sockets[0].getsockname())
            async with JsonRpcConnection(*streams, other, **options) as client, await accepted as server:
                yield client, server
            assert not client._peer.questions
            assert not server._peer.running
    finally:
        listening.close()


@pytest.mark.parametrize("lines", [False, True])
@in_a_loop
async def test_objects_are_called_both_ways_over_a_stream(schema: Any, lines: bool) -> None:
    service, other = make_service(schema), make_service(schema)
    async with both(service, other, lines=lines) as (client, server):
        peer = client.peer(schema.Service)
        results = await asyncio.gather(*(peer.add(left=number, right=1) for number in range(50)))
        assert [found.sum for found in results] == list(range(1, 51))
        await peer.ping()
        await peer.note(words="hello")
        assert (await server.peer(schema.Service).add(2, 3)).sum == 5
        assert service.notes == ["hello"]


@in_a_loop
async def test_errors_keep_their_kind_code_and_data(schema: Any) -> None:
    async with both(make_service(schema)) as (client, _):
        peer = client.peer(schema.Service)
        with pytest.raises(JsonRpcError, match="mine") as own:
            await peer.fail(kind="own")
        assert (own.value.code, own.value.data, own.value.fault) == (7, {"why": [1]}, "remote")
        with pytest.raises(Overloaded, match="too much"):
            await peer.fail(kind="overloaded")
        with pytest.raises(JsonRpcError, match="no") as plain:
            await peer.fail(kind="x")
        assert plain.value.code == -32000
        with pytest.raises(Unimplemented):
            await peer.missing()
        with pytest.raises(RpcError, match="results have no form in JSON"):
            await peer.give()


@in_a_loop
async def test_the_end_of_a_connection_fails_calls_and_cancels_those_of_the_peer(schema: Any) -> None:
    service = make_service(schema)
    async with both(service) as (client, server):
        peer = client.peer(schema.Service)
        call = peer.hang()
        await peer.ping()
        await server.close()
        with pytest.raises(Disconnected):
            await call
        await client.wait_closed()
        with pytest.raises(Disconnected):
            await peer.ping()
    assert service.cancelled == 1


@in_a_loop
async def test_a_peer_without_an_object_has_no_methods(schema: Any) -> None:
    async with both(make_service(schema)) as (_, server):
        with pytest.raises(Unimplemented, match="there is no method"):
            await server.peer(schema.Service).ping()


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ('{"jsonrpc":"2.0","id":1,"method":"add","params":{"left":1,"right":2}}', {"id": 1, "result": {"sum": "3"}}),
        ('{"jsonrpc":"2.0","id":"a","method":"add","params":[4,5]}', {"id": "a", "result": {"sum": "9"}}),
        ('{"jsonrpc":"2.0","id":null,"method":"ping"}', {"id": None, "result": {}}),
        ('{"jsonrpc":"2.0","method":"log/note","params":{"words":"x"}}', None),
        ('{"jsonrpc":"2.0","method":"unknown"}', None),
        ('{"jsonrpc":"2.0","id":1,"method":"unknown"}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":["add"]}', -32601),
        ('{"jsonrpc":"2.0","id":1,"method":"add","params":{"left":"x"}}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"add","params":[1,2,3]}', -32602),
        ('{"jsonrpc":"2.0","id":1,"method":"add","params":5}', -32602),
        ('{"id":1,"method":"add"}', -32600),
        ('{"jsonrpc":"2.0","id":{},"method":"add"}', -32600),
        ('{"jsonrpc":"2.0","id":1}', -32600),
        ("[]", -32600),
        ("5", -32600),
        ("{", -32700),
        ("[" * 5000, -32700),
        ('{"jsonrpc":"2.0","id":77,"result":{}}', None),
    ],
)
@in_a_loop
async def test_messages_are_answered_as_json_rpc_says(schema: Any, sent: str, answered: Any) -> None:
    found = await raw(make_service(schema)).say(sent)
    if answered is None:
        assert found == []
    elif isinstance(answered, int):
        assert [item["error"]["code"] for item in found] == [answered]
    else:
        assert found == [{"jsonrpc": "2.0", **answered}]


@in_a_loop
async def test_a_batch_is_answered_by_a_batch(schema: Any) -> None:
    peer = raw(make_service(schema))
    calls = [
        {"jsonrpc": "2.0", "id": 1, "method": "add", "params": [1, 2]},
        {"jsonrpc": "2.0", "method": "log/note", "params": {"words": "x"}},
        5,
        {"jsonrpc": "2.0", "id": 2, "method": "ping"},
    ]
    (found,) = await peer.say(json.dumps(calls))
    assert sorted(str(item.get("id")) for item in found) == ["1", "2", "None"]
    assert await peer.say(json.dumps(calls[1:2])) == []
    assert not peer.peer.running


@in_a_loop
async def test_open_calls_are_bounded(schema: Any) -> None:
    peer = raw(make_service(schema), limits=Limits(answers=2, questions=1))
    hang = '{"jsonrpc":"2.0","id":1,"method":"hang"}'
    assert await peer.say(hang) == []
    assert await peer.say(hang) == []
    assert [item["error"]["code"] for item in await peer.say(hang)] == [-32001]
    client = peer.peer.peer(schema.Service)
    first = client.ping()
    with pytest.raises(Overloaded):
        await client.ping()
    first.cancel()
    running_vat().turn()
    assert not peer.peer.questions
    peer.peer.close()
    await peer.say("")
    assert not peer.peer.running


@in_a_loop
async def test_an_answer_that_does_not_fit_fails_the_call_alone(schema: Any) -> None:
    peer = raw(None)
    call = peer.peer.peer(schema.Service).add(1, 2)
    assert json.loads(peer.peer.take_output()[0])["params"] == {"left": 1, "right": 2}
    await peer.say('{"jsonrpc":"2.0","id":1,"result":{"sum":"x"}}')
    with pytest.raises(RpcError, match=r"\$\.sum"):
        await call


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: +1\r\n\r\n",
        b"Content-Length: 1_0\r\n\r\n",
        b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"Content-Length: 2000\r\n\r\n",
        b"Content-Type: x\r\n\r\n",
        b"nothing\r\n\r\n",
        b"x" * 9000,
    ],
)
def test_headers_that_make_no_sense_are_refused_a9(data: bytes) -> None:
    with pytest.raises(DecodeError):
        ContentLengthFraming(1000).feed(data)


@pytest.mark.parametrize("framing", [ContentLengthFraming, LineFraming])
def test_messages_are_found_however_the_bytes_arrive(framing: Any) -> None:
    messages = [b"{}", b'{"a":1}', b"[1,2]"]
    stream = b"".join(framing(100).frame(message) for message in messages)
    for size in (1, 2, 7, len(stream)):
        cutter = framing(100)
        found = [item for at in range(0, len(stream), size) for item in cutter.feed(stream[at : at + size])]
        assert found == messages
    with pytest.raises(DecodeError):
        framing(100).feed(framing(100).frame(b"x" * 101))
