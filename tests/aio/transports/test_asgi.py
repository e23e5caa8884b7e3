"""A WebSocket that an ASGI server speaks is a transport like any other, and the application serves by it what it is asked for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import caplet
from caplet.aio.driver import Link, running_vat
from caplet.aio.options import StreamOptions
from caplet.aio.peers import Peer
from caplet.aio.transports.asgi import AsgiTransport, Event
from caplet.aio.transports.base import Receiver, Transport
from caplet.limits import Limits
from caplet.testing import check_transport
from caplet.testing.relay import Relay

from ..conftest import EchoServer, schema

TIMEOUT_S = 120


class Wire:
    """One direction of a WebSocket, as two ASGI servers that face each other would give it; it holds one frame."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue(1)

    async def send(self, event: Event) -> None:
        kinds = {"websocket.send": "websocket.receive", "websocket.close": "websocket.disconnect"}
        await self.events.put({**event, "type": kinds[event["type"]]})

    async def receive(self) -> Event:
        return await self.events.get()

    def end(self) -> None:
        """The application at this end returned: a server closes the connection then, if that was not done."""
        if self.events.full():
            last = self.events.get_nowait()
            if last["type"] == "websocket.disconnect":
                self.events.put_nowait(last)
                return
        self.events.put_nowait({"type": "websocket.disconnect"})


_running: set[asyncio.Task[None]] = set()


async def open_pair(near: Receiver, far: Receiver, limits: Limits, relay: Relay | None) -> tuple[Transport, Transport]:
    assert relay is None
    there, back = Wire(), Wire()
    options = StreamOptions(limits)
    pair = (
        AsgiTransport(back.receive, there.send, Peer("ws"), options),
        AsgiTransport(there.receive, back.send, Peer("ws"), options),
    )
    for transport, receiver, wire in zip(pair, (near, far), (there, back), strict=True):
        task = asyncio.create_task(transport.run(receiver))
        _running.add(task)
        task.add_done_callback(_running.discard)
        task.add_done_callback(lambda _, wire=wire: wire.end())
    await asyncio.sleep(0)  # both are running
    return pair


def test_a_websocket_of_an_asgi_server_does_what_every_transport_must() -> None:
    asyncio.run(asyncio.wait_for(check_transport(open_pair, relayed=False), TIMEOUT_S))


class Session:
    """One call of an ASGI application, by a server that is a list of events."""

    def __init__(self, application: caplet.AsgiApplication, scope: dict[str, Any]) -> None:
        self.to_application: asyncio.Queue[Event] = asyncio.Queue()
        self.sent: asyncio.Queue[Event] = asyncio.Queue()
        self.task = asyncio.ensure_future(application(scope, self.to_application.get, self.sent.put))

    def give(self, kind: str, **event: object) -> None:
        self.to_application.put_nowait({"type": kind, **event})

    async def hear(self) -> Event:
        return await self.sent.get()


def run(coroutine: Any) -> None:
    asyncio.run(asyncio.wait_for(coroutine, TIMEOUT_S))


def test_the_subprotocol_is_spoken_when_it_is_offered_and_others_are_refused() -> None:
    async def main() -> None:
        application = caplet.AsgiApplication(EchoServer())
        for offered, answer in (
            ([], {"type": "websocket.accept", "subprotocol": None}),
            (["x", "capnp-rpc"], {"type": "websocket.accept", "subprotocol": "capnp-rpc"}),
            (["x"], {"type": "websocket.close"}),
        ):
            session = Session(application, {"type": "websocket", "subprotocols": offered})
            session.give("websocket.connect")
            assert await session.hear() == answer
            session.give("websocket.disconnect")
            await session.task

    run(main())


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"text": "hello"}, "a text frame on a WebSocket; messages are sent as binary frames"),
        ({"bytes": bytes(16)}, "a message without a root pointer: its first segment is empty"),
        ({"bytes": bytes(7)}, "a WebSocket frame that does not hold exactly one message"),
    ],
)
def test_a_frame_that_is_no_message_ends_the_websocket_with_a_reason(event: dict[str, Any], reason: str) -> None:
    async def main() -> None:
        session = Session(caplet.AsgiApplication(EchoServer()), {"type": "websocket"})
        session.give("websocket.connect")
        await session.hear()
        session.give("websocket.receive", **event)
        await session.task
        said = [session.sent.get_nowait() for _ in range(session.sent.qsize())]
        assert said[-1] == {"type": "websocket.close", "code": 1003, "reason": reason}

    run(main())


def test_a_web_browser_that_asks_for_a_page_is_told_what_is_here() -> None:
    async def main() -> None:
        session = Session(caplet.AsgiApplication(EchoServer()), {"type": "http"})
        await session.task
        assert (await session.hear())["status"] == 426
        assert b"WebSockets" in (await session.hear())["body"]

    run(main())


def test_the_beginning_and_the_end_of_the_server_are_answered() -> None:
    async def main() -> None:
        session = Session(caplet.AsgiApplication(EchoServer()), {"type": "lifespan"})
        session.give("lifespan.startup")
        assert await session.hear() == {"type": "lifespan.startup.complete"}
        session.give("lifespan.shutdown")
        assert await session.hear() == {"type": "lifespan.shutdown.complete"}
        await session.task

    run(main())


def test_the_service_is_given_the_peer() -> None:
    peers: list[Peer] = []

    def make(peer: Peer) -> EchoServer:
        peers.append(peer)
        return EchoServer()

    async def main() -> None:
        scope = {
            "type": "websocket",
            "scheme": "wss",
            "client": ("192.0.2.1", 5),
            "headers": [(b"origin", b"https://x")],
        }
        session = Session(caplet.AsgiApplication(make), scope)
        session.give("websocket.connect")
        await session.hear()

        async def receive_frames(event: Event) -> None:
            session.give("websocket.receive", bytes=event["bytes"])

        # The client's side is a transport, too; its frames are the server's events.
        client = AsgiTransport(asyncio.Queue().get, receive_frames, Peer("ws"), StreamOptions())
        link = Link(running_vat(), client, None, Limits())
        running = asyncio.ensure_future(client.run(link))
        echo = schema.Echo(link.connection.bootstrap())
        call = echo.echo(number=1)
        running_vat().turn()
        await session.hear()
        assert str(peers[0]) == "wss://192.0.2.1:5"
        assert peers[0].origin == "https://x"
        session.give("websocket.disconnect")
        await session.task
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        with pytest.raises(caplet.Disconnected):
            await call

    run(main())
