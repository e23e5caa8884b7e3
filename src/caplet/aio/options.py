"""What is the same for every connection that one `connect` or `serve` makes.

Knows the choices that users have: the names and types of the options of `connect` and `serve`, which `caplet.blocking` has too, and those of
streams. What the options mean, and their defaults, is said by `connect` and `serve`. Does not know how streams are opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal, TypedDict

from caplet.limits import DEFAULT_LIMITS, Limits
from caplet.rpc.window import AdaptiveWindow, FixedWindow
from caplet.runtime.clients import check_kind
from caplet.wire.framing import Framer
from caplet.wire.packed_framing import PackedFramer

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from caplet.aio.connections import Connection
    from caplet.aio.transports.base import Framing
    from caplet.errors import RpcError
    from caplet.rpc.window import Window
    from caplet.runtime.interceptors import Interceptor
    from caplet.runtime.servers import Service

    ConnectedHook: TypeAlias = "Callable[[Connection], object]"
    EndedHook: TypeAlias = "Callable[[Connection, RpcError], object]"
    StreamWindow: TypeAlias = int | Literal["adaptive"]

__all__ = ["DEFAULT_STREAM_OPTIONS", "ConnectOptions", "ServeOptions", "StreamOptions", "check_secure", "window_maker"]


class ConnectOptions(TypedDict, total=False):
    """The options of `connect`, but for `reconnect`, which decides what is returned."""

    bootstrap: Service | None
    limits: Limits | None
    timeout_s: float | None
    tls: ssl.SSLContext | None
    server_hostname: str | None
    packed: bool
    stream_window_bytes: StreamWindow | None
    interceptor: Interceptor | None


class ServeOptions(TypedDict, total=False):
    """The options of `serve`."""

    limits: Limits | None
    tls: ssl.SSLContext | None
    packed: bool
    stream_window_bytes: StreamWindow | None
    origins: Sequence[str] | None
    max_connections: int | None
    hello_timeout_s: float | None
    idle_timeout_s: float | None
    on_connected: ConnectedHook | None
    on_lost: EndedHook | None
    on_error: EndedHook | None
    interceptor: Interceptor | None


def check_secure(tls: ssl.SSLContext | None, places: Sequence[object]) -> None:
    """Refuse rules for TLS where nothing would be encrypted.

    Args:
        tls: the rules, if a program gave any.
        places: where it wants to listen, or to connect to.

    Raises:
        ValueError: none of the places is one of TLS.
    """
    if tls is not None and not any(getattr(place, "kind", None) in ("tls", "wss") for place in places):
        shown = ", ".join([str(place) for place in places])
        raise ValueError(f"tls= is for tls:// and wss:// addresses: nothing would be encrypted at {shown}")


def window_maker(stream_window_bytes: StreamWindow | None) -> Callable[[], Window] | None:
    """Return what makes the window of each stream; None for that of the transport.

    Args:
        stream_window_bytes: what a program wants.

    Raises:
        ValueError: it is no size.
    """
    if stream_window_bytes is None:
        return None
    if stream_window_bytes == "adaptive":
        return AdaptiveWindow
    if stream_window_bytes <= 0:
        raise ValueError(f"a window of {stream_window_bytes} bytes lets nothing through")
    return partial(FixedWindow, stream_window_bytes)


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Choices about streams.

    Args:
        limits: bounds for messages and for each connection.
        packed: whether messages travel packed, which saves a slow network bytes and costs time; both sides must say so.
        tls: certificates and rules for tls:// and wss://; None for the system's, which a server cannot do with.
        server_hostname: the name that the server's certificate must have; None for the host of the address.
        origins: web pages whose scripts may connect to a WebSocket server, as `https://host`; None for all.
    """

    limits: Limits = field(default=DEFAULT_LIMITS)
    packed: bool = False
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None
    origins: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_kind(self.limits, Limits, "caplet.Limits for limits=")
        if self.tls is not None and not hasattr(self.tls, "wrap_bio"):
            raise TypeError(f"expected an ssl.SSLContext for tls=, not {type(self.tls).__name__}")

    def make_framing(self) -> Framing:
        """Return the framing of one stream."""
        return PackedFramer(self.limits) if self.packed else Framer(self.limits)


DEFAULT_STREAM_OPTIONS = StreamOptions()
