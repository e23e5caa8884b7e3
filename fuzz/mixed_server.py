"""The server process of the mixed load: started by `mixed.py`, which speaks to it over standard input and output.

    python -m fuzz.mixed_server LOOP FOLDER

Serves workers at addresses of every kind; certificates lie in the folder, where its Unix socket is made too. Ends when its standard input does.
Does not know what the load is.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from fuzz.measuring import LOOPS, Complaints, Sample, come_to_rest, take_sample, unsettled
from fuzz.soak_service import ON_PURPOSE, Worker, go_around, schema

import caplet


def is_bug_on_purpose(record: logging.LogRecord) -> bool:
    """Tell whether a record is about a method that fails as a program with a bug does."""
    error = record.exc_info[1] if record.exc_info else None
    return record.name == "caplet" and isinstance(error, ValueError) and error.args == (ON_PURPOSE,)


class Control(schema.Control.Server):
    """What the other process asks of this one.

    Args:
        complaints: what this process complained about.
    """

    def __init__(self, complaints: Complaints) -> None:
        self.complaints = complaints
        self.servers: list[caplet.Serving] = []
        self.connections: dict[int, caplet.Connection] = {}
        # Those that have ended while methods that they called have not.
        self.ended: list[caplet.Connection] = []
        self.changed = asyncio.Event()
        self.first: Sample | None = None

    async def start(self, stack: AsyncExitStack, folder: Path) -> None:
        """Serve at every kind of address."""
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.pem")
        tls.load_cert_chain(folder / "server.pem")
        tls.verify_mode = ssl.CERT_REQUIRED
        worker = Worker(self.cut)
        here = "127.0.0.1:0"
        plain = [f"tcp://{here}", f"unix:{folder}/soak", f"unix-abstract:{folder}", f"ws://{here}/rpc"]
        for addresses, options in (
            (plain, {}),
            ([f"tls://{here}", f"wss://{here}/rpc"], {"tls": tls}),
            ([f"tcp://{here}"], {"packed": True}),
        ):
            server = caplet.serve(addresses, worker, on_connected=self.add, on_lost=self.remove, **options)
            self.servers.append(await stack.enter_async_context(server))

    def add(self, connection: caplet.Connection) -> None:
        """Note a connection."""
        self.connections[id(connection.peer)] = connection

    def remove(self, connection: caplet.Connection, error: caplet.RpcError) -> None:
        """Forget a connection."""
        del self.connections[id(connection.peer)]
        self.ended = unsettled([*self.ended, connection])
        self.changed.set()

    def cut(self, peer: object) -> None:
        """Cut the connection of a peer."""
        connection = self.connections.get(id(peer))
        if connection is not None:
            connection._link.transport.abort()

    def addresses(self) -> list[str]:
        return [address for server in self.servers for address in server.addresses]

    async def sample(self) -> dict[str, object]:
        while self.connections:
            self.changed.clear()
            await self.changed.wait()
        await go_around(20)
        await come_to_rest(self.first)
        self.ended = unsettled(self.ended)
        sample = take_sample()
        self.first = self.first or sample
        return {
            **sample._asdict(),
            "logged": self.complaints.texts,
            "expected": [f"{count} {name}" for name, count in self.complaints.expected.items()],
            "left_over": [connection.dump() for connection in self.ended],
        }


async def main(loop: str, folder: Path) -> None:
    ended = asyncio.Event()
    with Complaints({"bugs on purpose": is_bug_on_purpose}).expect(loop) as complaints:
        control = Control(complaints)
        async with AsyncExitStack() as stack:
            await control.start(stack, folder)
            async with caplet.serve("stdio:", control, on_lost=lambda connection, error: ended.set()):
                await ended.wait()
    if complaints.texts:
        sys.exit("\n".join(complaints.texts))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=LOOPS[sys.argv[1]]) as runner:
        runner.run(main(sys.argv[1], Path(sys.argv[2])))
