"""Cap'n Proto serialization and RPC, native in Python.

Knows the public names and where each is made; a name is imported when it is first used, so that `import caplet` stays light.
"""

from __future__ import annotations

from caplet.acceleration import find_accelerated
from caplet.errors import (
    BuildError,
    CapletError,
    CompileError,
    DecodeError,
    Disconnected,
    Failed,
    Overloaded,
    RpcError,
    SchemaError,
    TruncatedError,
    Unimplemented,
)
from caplet.limits import Limits

TYPE_CHECKING = False  # what type checkers take for true; `typing` itself is not loaded
if TYPE_CHECKING:
    from typing import Any

    from caplet import json_codec, messages, orphans, streams
    from caplet.aio.asgi import AsgiApplication
    from caplet.aio.byte_streams import ByteReceiver, ByteStreamServer, ByteWriter, copy_bytes
    from caplet.aio.connections import Connection, connect
    from caplet.aio.item_streams import ItemStream, send_items
    from caplet.aio.peers import Peer
    from caplet.aio.pipes import ChildProcess
    from caplet.aio.reconnecting import ReconnectingConnection
    from caplet.aio.serving import Serving, serve
    from caplet.aio.statistics import ConnectionStats, ReconnectingStats
    from caplet.cap.reconnect import Reconnect
    from caplet.import_hook import install_import_hook
    from caplet.loading import load, open_module
    from caplet.runtime.call_contexts import CallContext
    from caplet.runtime.calls import Call
    from caplet.runtime.clients import Client
    from caplet.runtime.descriptors import duplicate_fd
    from caplet.runtime.dynamic import dynamic, dynamic_server, upcast
    from caplet.runtime.interceptors import InterceptedCall, Interceptor, intercept, intercept_service
    from caplet.runtime.membranes import Membrane, MembraneCall, MembranePolicy
    from caplet.runtime.reflection import Schema, schema_of
    from caplet.runtime.server_marks import by_context, cancellable, on_release, shortenable
    from caplet.runtime.servers import Server, attach_fd, shorten, this_cap
    from caplet.runtime.toolkit import (
        BrokenHandle,
        Resolver,
        Revoker,
        broken,
        debug_info,
        local_server,
        null,
        on_broken,
        promise,
        revocable,
        when_resolved,
    )
    from caplet.schema_registry import SchemaRegistry
    from caplet.std.byte_stream_capnp import ByteStream

__all__ = [
    "AsgiApplication",
    "BrokenHandle",
    "BuildError",
    "ByteReceiver",
    "ByteStream",
    "ByteStreamServer",
    "ByteWriter",
    "Call",
    "CallContext",
    "CapletError",
    "ChildProcess",
    "Client",
    "CompileError",
    "Connection",
    "ConnectionStats",
    "DecodeError",
    "Disconnected",
    "Failed",
    "InterceptedCall",
    "Interceptor",
    "ItemStream",
    "Limits",
    "Membrane",
    "MembraneCall",
    "MembranePolicy",
    "Overloaded",
    "Peer",
    "Reconnect",
    "ReconnectingConnection",
    "ReconnectingStats",
    "Resolver",
    "Revoker",
    "RpcError",
    "Schema",
    "SchemaError",
    "SchemaRegistry",
    "Server",
    "Serving",
    "TruncatedError",
    "Unimplemented",
    "__version__",
    "accelerated",
    "attach_fd",
    "broken",
    "by_context",
    "cancellable",
    "connect",
    "copy_bytes",
    "debug_info",
    "duplicate_fd",
    "dynamic",
    "dynamic_server",
    "install_import_hook",
    "intercept",
    "intercept_service",
    "json_codec",
    "load",
    "local_server",
    "messages",
    "null",
    "on_broken",
    "on_release",
    "open_module",
    "orphans",
    "promise",
    "revocable",
    "schema_of",
    "send_items",
    "serve",
    "shorten",
    "shortenable",
    "streams",
    "this_cap",
    "upcast",
    "when_resolved",
]

__version__ = "0.1.0.dev0"

accelerated = find_accelerated()

# Where the names live that are imported on first use.
_LAZY = {
    "AsgiApplication": "caplet.aio.asgi",
    "ByteReceiver": "caplet.aio.byte_streams",
    "ByteStream": "caplet.aio.byte_streams",
    "ByteStreamServer": "caplet.aio.byte_streams",
    "ByteWriter": "caplet.aio.byte_streams",
    "ItemStream": "caplet.aio.item_streams",
    "copy_bytes": "caplet.aio.byte_streams",
    "send_items": "caplet.aio.item_streams",
    "BrokenHandle": "caplet.runtime.toolkit",
    "Call": "caplet.runtime.calls",
    "CallContext": "caplet.runtime.call_contexts",
    "ChildProcess": "caplet.aio.pipes",
    "Client": "caplet.runtime.clients",
    "Connection": "caplet.aio.connections",
    "ConnectionStats": "caplet.aio.statistics",
    "InterceptedCall": "caplet.runtime.interceptors",
    "Interceptor": "caplet.runtime.interceptors",
    "Membrane": "caplet.runtime.membranes",
    "MembraneCall": "caplet.runtime.membranes",
    "MembranePolicy": "caplet.runtime.membranes",
    "Reconnect": "caplet.cap.reconnect",
    "ReconnectingConnection": "caplet.aio.reconnecting",
    "ReconnectingStats": "caplet.aio.statistics",
    "Peer": "caplet.aio.peers",
    "Resolver": "caplet.runtime.toolkit",
    "Revoker": "caplet.runtime.toolkit",
    "Schema": "caplet.runtime.reflection",
    "SchemaRegistry": "caplet.schema_registry",
    "Server": "caplet.runtime.servers",
    "Serving": "caplet.aio.serving",
    "attach_fd": "caplet.runtime.servers",
    "broken": "caplet.runtime.toolkit",
    "by_context": "caplet.runtime.server_marks",
    "cancellable": "caplet.runtime.server_marks",
    "connect": "caplet.aio.connections",
    "debug_info": "caplet.runtime.toolkit",
    "dynamic": "caplet.runtime.dynamic",
    "dynamic_server": "caplet.runtime.dynamic",
    "install_import_hook": "caplet.import_hook",
    "intercept": "caplet.runtime.interceptors",
    "intercept_service": "caplet.runtime.interceptors",
    "load": "caplet.loading",
    "duplicate_fd": "caplet.runtime.descriptors",
    "local_server": "caplet.runtime.toolkit",
    "null": "caplet.runtime.toolkit",
    "on_broken": "caplet.runtime.toolkit",
    "on_release": "caplet.runtime.server_marks",
    "open_module": "caplet.loading",
    "promise": "caplet.runtime.toolkit",
    "revocable": "caplet.runtime.toolkit",
    "schema_of": "caplet.runtime.reflection",
    "serve": "caplet.aio.serving",
    "shorten": "caplet.runtime.servers",
    "shortenable": "caplet.runtime.server_marks",
    "this_cap": "caplet.runtime.servers",
    "upcast": "caplet.runtime.dynamic",
    "when_resolved": "caplet.runtime.toolkit",
}

# Modules of functions, for which `import caplet` is enough.
_MODULES = ("json_codec", "messages", "orphans", "streams")

# What is made by these belongs to the running event loop, also in a program that opens no connection.
_STAND_ON_LOOPS = {"caplet.runtime.membranes", "caplet.runtime.servers", "caplet.runtime.toolkit"}


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    import sys
    from importlib import import_module

    module = _LAZY.get(name)
    if name in _MODULES:
        return import_module(f"caplet.{name}")
    if module is None:
        # With these two, Python shows the nearest name.
        raise AttributeError(f"module 'caplet' has no attribute {name!r}", name=name, obj=sys.modules[__name__])
    if module in _STAND_ON_LOOPS:
        import_module("caplet.aio.driver")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
