"""A chat room on the network: `python server.py [ADDRESS]`."""

from __future__ import annotations

import asyncio
import contextlib
import sys

import caplet

caplet.install_import_hook()

import chat_capnp


class SeatServer(chat_capnp.Seat.Server):
    """Somebody's place in the room; whoever lets go of it, or loses the connection, leaves."""

    def __init__(self, room: RoomServer, name: str) -> None:
        self.room = room
        self.name = name

    async def say(self, text: str) -> None:
        await self.room.tell(self.name, text)

    @caplet.on_release
    async def leave(self) -> None:
        del self.room.listeners[self.name]
        await self.room.tell("*", f"{self.name} left")


class RoomServer(chat_capnp.Room.Server):
    """The room: everybody who connects meets the same one."""

    def __init__(self) -> None:
        self.listeners: dict[str, chat_capnp.Listener] = {}

    # Whoever goes while the others are told takes the seat all the same, and leaves it.
    @caplet.cancellable(False)
    async def join(self, name: str, listener: chat_capnp.Listener) -> SeatServer:
        if name in self.listeners or name == "*":
            raise caplet.Failed(f"there is a {name} in the room")
        self.listeners[name] = listener
        await self.tell("*", f"{name} came")
        return SeatServer(self, name)

    async def tell(self, author: str, text: str) -> None:
        """Let everybody hear it; a listener that is gone does not stop the others."""
        calls = [listener.hear(author=author, text=text) for listener in self.listeners.values()]
        await asyncio.gather(*calls, return_exceptions=True)


async def main(address: str) -> None:
    async with caplet.serve(address, RoomServer()) as server:
        print(server.address, flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:0"))
