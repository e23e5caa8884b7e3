"""The scripted peer over a real socket: an old peer, and a hostile one, to a program that serves others meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import caplet
from caplet.testing.scripted import answer, export
from caplet.testing.stream_peer import StreamPeer

schema = caplet.load(Path(__file__).parent.parent / "aio" / "echo.capnp")
ECHO = schema.Echo._schema_type.type_id


class EchoServer(schema.Echo.Server):
    async def echo(self, number: int, text: str) -> tuple[int, str]:
        return number, text

    def next(self) -> EchoServer:
        return EchoServer()


def run(script) -> None:
    """Serve, let a script speak, and see that another connection works before and after."""

    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", EchoServer()) as serving, caplet.connect(serving.address) as other:
            echo = other.bootstrap(schema.Echo)
            await echo.echo(number=1)
            host, port = serving.address.removeprefix("tcp://").rsplit(":", 1)
            async with await StreamPeer.connect(host, int(port)) as peer:
                await script(peer)
            assert (await echo.echo(number=2)).number == 2
            echo.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_an_old_peer_is_served():
    """It knows nothing of the hints of later times: it finishes everything, and asks for the workaround."""

    async def script(peer: StreamPeer) -> None:
        peer.bootstrap(0)
        assert await peer.line() == "return q1 results (mine e1)"
        peer.finish(0, release_results=False, workaround=True)
        peer.call(1, export(0), method=2, interface=ECHO)
        peer.call(2, answer(1, 0), number=7, interface=ECHO)
        said = sorted(await peer.lines(2))
        assert said == ["return q2 results (mine e2)", "return q3 results for good"]
        # A Finish for an answer that was over at its Return is no fault.
        peer.finish(1, release_results=True, workaround=True)
        peer.finish(2, release_results=True, workaround=True)
        peer.release(0)
        peer.bootstrap(1)
        assert (await peer.line()).startswith("return q4 results (mine ")

    run(script)


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        (lambda peer: peer.call(1, export(77)), "export 77, which is not there"),
        (lambda peer: peer.return_results(5), "question 5, which is not there"),
        (lambda peer: peer.release(0, 9), "export 0"),
        (lambda peer: peer.send_bytes(b"\xff" * 64), "no message"),
    ],
)
def test_a_hostile_peer_is_told_why_and_cut_off(do, reason):
    async def script(peer: StreamPeer) -> None:
        peer.bootstrap(0)
        await peer.line()
        do(peer)
        line = await peer.line()
        assert line.startswith("abort ")
        assert reason in line
        assert await peer.line() is None

    run(script)
