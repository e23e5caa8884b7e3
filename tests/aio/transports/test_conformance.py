"""Every kind of transport does what a transport must do."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from caplet.testing import check_transport
from caplet.testing.transports import CHECKS, TIMEOUT_S, Transports

from .certificates import contexts
from .pairs import child_pair, open_pipes_pair, open_place_pair, pair_at, wait_children

if TYPE_CHECKING:
    from caplet.aio.transports.base import Receiver, Transport
    from caplet.limits import Limits
    from caplet.testing.relay import Relay
    from caplet.testing.transports import OpenPair

try:
    import uvloop
except ImportError:
    LOOPS: dict[str, Any] = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def run(loop: str, main: Coroutine[Any, Any, None]) -> None:
    """Run it; nothing may go wrong in tasks and callbacks that nobody waits for."""
    wrong: list[str] = []
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.get_loop().set_exception_handler(
            lambda _, context: wrong.append(f"{context['message']}: {context.get('exception')!r}")
        )
        runner.run(main)
        gc.collect()
    assert wrong == []


def given(kind: str) -> OpenPair:
    async def open_pair(
        near: Receiver, far: Receiver, limits: Limits, relay: Relay | None
    ) -> tuple[Transport, Transport]:
        return await open_place_pair(kind, near, far, limits, relay)

    return open_pair


def tls(folder: Path) -> Transports:
    server, client = contexts()
    return Transports(pair_at("tls://127.0.0.1:0", {"tls": client}, tls=server), cut_step=5, opening_step=97)


def wss(folder: Path) -> Transports:
    server, client = contexts()
    return Transports(pair_at("wss://127.0.0.1:0/rpc", {"tls": client}, tls=server), cut_step=11, opening_step=197)


KINDS: dict[str, Callable[[Path], Transports]] = {
    "tcp": lambda folder: Transports(pair_at("tcp://127.0.0.1:0")),
    # Packing is slow where nothing is compiled.
    "tcp packed": lambda folder: Transports(
        pair_at("tcp://127.0.0.1:0", {"packed": True}, packed=True), large_bytes=64 * 1024
    ),
    "unix": lambda folder: Transports(pair_at(f"unix:{folder}/s"), fds=True),
    "unix-abstract": lambda folder: Transports(pair_at(f"unix-abstract:{folder}"), fds=True, cut_step=5),
    "memory": lambda folder: Transports(pair_at("memory:conformance"), relayed=False, fds=True),
    "tls": tls,
    "ws": lambda folder: Transports(pair_at("ws://127.0.0.1:0/rpc"), cut_step=3, opening_step=11),
    "wss": wss,
    "socket": lambda folder: Transports(given("socket"), fds=True),
    "streams": lambda folder: Transports(given("streams")),
    "asyncio transport": lambda folder: Transports(given("asyncio transport"), cut_step=3),
    "stdio": lambda folder: Transports(open_pipes_pair),
    # A process for each cut.
    "child": lambda folder: Transports(child_pair(folder), cut_step=41),
}


CASES = [(loop, kind) for loop in LOOPS for kind in KINDS]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@pytest.mark.parametrize(("loop", "kind"), CASES)
def test_every_transport_does_what_a_transport_must_row_107_row_109_H23(
    loop: str, kind: str, check: Any, tmp_path: Path
) -> None:
    async def main() -> None:
        case = KINDS[kind](tmp_path)
        async with asyncio.timeout(TIMEOUT_S):
            if loop != "asyncio":
                case = replace(case, cut_step=max(7, case.cut_step), opening_step=7 * case.opening_step)
            await check(case)
            await wait_children()

    run(loop, main())


def test_the_suite_is_one_function_for_transports_of_others() -> None:
    run("asyncio", check_transport(pair_at("memory:public"), relayed=False, fds=True))


def test_the_suite_finds_a_transport_that_mixes_up_messages() -> None:
    open_pair = pair_at("memory:wrong")

    async def wrong(near: Any, far: Any, limits: Any, relay: Any) -> Any:
        made = await open_pair(near, far, limits, relay)
        send = made[0].send
        made[0].send = lambda messages, fds=None: send(messages[::-1], fds)  # type: ignore[method-assign]
        return made

    with pytest.raises(AssertionError) as caught:
        run("asyncio", check_transport(wrong, relayed=False))
    assert any("check_order_and_wholeness" in note for note in caught.value.__notes__)
