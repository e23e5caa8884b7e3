"""Somebody in the chat room: `python client.py ADDRESS NAME`; says what is typed, shows what is heard."""

from __future__ import annotations

import asyncio
import sys

import caplet

caplet.install_import_hook()

import chat_capnp


class ListenerServer(chat_capnp.Listener.Server):
    """What the room calls back."""

    def hear(self, author: str, text: str) -> None:
        print(f"{author}: {text}", flush=True)


async def talk(seat: chat_capnp.Seat, lines: asyncio.StreamReader) -> None:
    """Say every line, to the end of the input."""
    while line := await lines.readline():
        await seat.say(text=line.decode().rstrip("\n"))


async def main(address: str, name: str) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with caplet.connect(address) as connection:
        room = connection.bootstrap(chat_capnp.Room)
        joined = await room.join(name=name, listener=ListenerServer())
        talking = asyncio.create_task(talk(joined.seat, lines))
        ended = asyncio.create_task(connection.wait_closed())
        await asyncio.wait([talking, ended], return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            print("the room is gone", flush=True)
        talking.cancel()
        ended.cancel()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    asyncio.run(main(sys.argv[1], sys.argv[2]))
