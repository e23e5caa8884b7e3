"""A cable between two loopback addresses: passes on what comes, prints its address, and obeys the lines "down" and "up".

While it is down nothing passes, and nobody hears of it: connections stay open, as they do when a cable is pulled out.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys


async def main(host: str, target_host: str, target_port: str) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    up = asyncio.Event()
    up.set()

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                await up.wait()
                sink.write(data)
                await sink.drain()
        await up.wait()
        sink.close()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await up.wait()
        far_reader, far_writer = await asyncio.open_connection(target_host, int(target_port))
        await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))

    server = await asyncio.start_server(join, host, 0)
    print("tcp://{}:{}".format(*server.sockets[0].getsockname()), flush=True)
    while line := await lines.readline():
        (up.set if line == b"up\n" else up.clear)()
        print(line.decode().strip(), flush=True)


asyncio.run(main(*sys.argv[1:]))
