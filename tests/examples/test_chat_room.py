"""The chat room, with a guest who goes in the middle of coming in."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import pytest

import caplet

CHAT = Path(__file__).resolve().parents[2] / "examples" / "chat"
TIMEOUT_S = 30


def test_who_goes_while_the_room_is_told_of_him_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CHAT))
    spec = importlib.util.spec_from_file_location("chat_room_server", CHAT / "server.py")
    assert spec is not None
    assert spec.loader is not None
    program: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    chat = program.chat_capnp

    class Listener(chat.Listener.Server):  # type: ignore[misc]
        """Hears, and keeps its caller waiting once it has heard what it waits for."""

        def __init__(self, awaited: str, stays: bool) -> None:
            self.awaited, self.stays = awaited, stays
            self.heard = asyncio.Event()

        async def hear(self, author: str, text: str) -> None:
            if text == self.awaited:
                self.heard.set()
                if self.stays:
                    await asyncio.Event().wait()

    async def main() -> None:
        ann, bob = Listener("bob left", False), Listener("bob came", True)
        async with (
            asyncio.timeout(TIMEOUT_S),
            caplet.serve("tcp://127.0.0.1:0", program.RoomServer()) as server,
            caplet.connect(server.address) as staying,
        ):
            seat = (await staying.bootstrap(chat.Room).join(name="ann", listener=ann)).seat
            async with caplet.connect(server.address) as going:
                joining = going.bootstrap(chat.Room).join(name="bob", listener=bob)
                await bob.heard.wait()
            with pytest.raises(caplet.Disconnected):
                await joining
            await ann.heard.wait()
            del seat

    asyncio.run(main())
