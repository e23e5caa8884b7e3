"""A server of grpc.aio with one method, and how its clients call it."""

from __future__ import annotations

from typing import Any, NamedTuple

import grpc

__all__ = ["Method", "serve_method"]


class Method(NamedTuple):
    """A method, as both sides know it; params and results are classes of protobuf."""

    service: str
    name: str
    params: Any
    results: Any

    def handler(self, function: Any) -> Any:
        """Return what a server answers its calls with; of a coroutine function for grpc.aio, of an ordinary one for the synchronous form."""
        method = grpc.unary_unary_rpc_method_handler(function, self.params.FromString, self.results.SerializeToString)
        return grpc.method_handlers_generic_handler(self.service, {self.name: method})

    def of(self, channel: Any) -> Any:
        """Return what calls it over a channel of either form."""
        return channel.unary_unary(
            f"/{self.service}/{self.name}", self.params.SerializeToString, self.results.FromString
        )


async def serve_method(method: Method, function: Any) -> None:
    """Listen at a free port, print it, and answer the method with what `function` returns."""
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((method.handler(function),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(port, flush=True)
    await server.wait_for_termination()
