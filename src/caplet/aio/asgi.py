"""An object served over WebSockets inside a web application, by whatever server runs that: Caplet as an ASGI application.

Knows what the server tells of a connection, and what it is answered. Does not know how messages travel (`transports/asgi.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.aio.driver import Link, running_vat
from caplet.aio.options import StreamOptions
from caplet.aio.peers import Peer
from caplet.aio.transports.asgi import AsgiTransport
from caplet.aio.transports.websocket_frames import SUBPROTOCOL_NAME
from caplet.limits import DEFAULT_LIMITS
from caplet.runtime.interceptors import public_object

if TYPE_CHECKING:
    from caplet.aio.transports.asgi import Event, Receive, Send
    from caplet.limits import Limits
    from caplet.runtime.interceptors import Interceptor
    from caplet.runtime.servers import Service

__all__ = ["AsgiApplication"]

_HINT = b"This is a service of Cap'n Proto over WebSockets.\n"


class AsgiApplication:
    """An ASGI application that serves an object to every WebSocket that comes in; to be mounted in FastAPI or Starlette, or run alone.

    Programs without an event loop of their own reach it as `ws://host/path`, browsers too.

    Args:
        service: the object that peers meet first, as `serve` takes it; a function is given the `Peer`.
        limits: bounds for messages and for each connection; None for the defaults.
        packed: whether messages travel packed; clients must say so too.
        interceptor: is told of every call over the connections, in both directions.
    """

    def __init__(
        self,
        service: Service,
        *,
        limits: Limits | None = None,
        packed: bool = False,
        interceptor: Interceptor | None = None,
    ) -> None:
        self._service = service
        self._interceptor = interceptor
        self._options = StreamOptions(limits or DEFAULT_LIMITS, packed)

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Serve one connection, as the server asks."""
        if scope["type"] == "websocket":
            await self._serve(scope, receive, send)
        elif scope["type"] == "http":
            headers = [(b"content-type", b"text/plain"), (b"upgrade", b"websocket")]
            await send({"type": "http.response.start", "status": 426, "headers": headers})
            await send({"type": "http.response.body", "body": _HINT})
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: Event, receive: Receive, send: Send) -> None:
        """Accept a WebSocket and serve the object over it, until it ends."""
        await receive()  # websocket.connect
        offered = list(scope.get("subprotocols", ()))
        if offered and SUBPROTOCOL_NAME not in offered:
            await send({"type": "websocket.close"})  # refuses the handshake
            return
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL_NAME if offered else None})
        transport = AsgiTransport(receive, send, _peer(scope), self._options)
        public = public_object(self._service, self._interceptor)
        link = Link(running_vat(), transport, public, self._options.limits, self._interceptor)
        await transport.run(link)


def _peer(scope: Event) -> Peer:
    """Return who is at the other end."""
    client = scope.get("client")
    kind = scope.get("scheme", "ws")
    address = kind if not client else f"{kind}://{client[0]}:{client[1]}"
    headers = dict(scope.get("headers", ()))
    origin = headers.get(b"origin")
    return Peer(address, origin=None if origin is None else origin.decode("latin-1"))
