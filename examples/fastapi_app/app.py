"""A FastAPI application with a page, and with an object for programs that come by WebSocket: `python app.py [PORT]`."""

from __future__ import annotations

import socket
import sys
from collections import Counter

import uvicorn
from fastapi import FastAPI

import caplet

caplet.install_import_hook()

import greeter_capnp

greeted: Counter[str] = Counter()


class GreeterServer(greeter_capnp.Greeter.Server):
    """Shares the application's state: both run in one event loop."""

    async def greet(self, name: str) -> str:
        greeted[name] += 1
        return f"Hello, {name}!"


app = FastAPI()
app.mount("/capnp", caplet.AsgiApplication(GreeterServer()))


@app.get("/greeted")
async def show_greeted() -> dict[str, int]:
    return dict(greeted)


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000))
    print(f"ws://127.0.0.1:{listening.getsockname()[1]}/capnp/", flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
