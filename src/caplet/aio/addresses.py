"""Addresses as users write them, taken apart.

Knows the forms of the table below. Does not know how any of them is opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

__all__ = ["Address", "parse_address"]

# Kinds with a host and a port, with the port that may be left out for.
_HOST_KINDS = {"tcp": None, "tls": None, "ws": 80, "wss": 443}
# Kinds with a name, and what the name is called.
_NAME_KINDS = {"unix": "/path", "unix-abstract": "name", "memory": "name", "fd": "number"}

_FORMS = (
    "tcp://host:port, tls://host:port, ws://host:port/path, wss://host:port/path, unix:/path, unix-abstract:name, "
    "memory:name, fd:number or stdio:"
)


@dataclass(frozen=True, slots=True)
class Address:
    """One place to listen at or to connect to.

    Args:
        kind: what stands in front of the first colon.
        host: host name or IP address of tcp, tls, ws and wss; empty for every interface.
        port: port number of these; 0 lets the system choose when listening.
        name: path of unix, name of unix-abstract and memory, number of fd; the path of ws and wss, which begins with a slash.
    """

    kind: str
    host: str = ""
    port: int = 0
    name: str = ""
    # As text: asked for by every connection to it.
    _text: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.has_host:
            host = f"[{self.host}]" if ":" in self.host else self.host or "*"
            text = f"{self.kind}://{host}:{self.port}{'' if self.name == '/' else self.name}"
        else:
            text = f"{self.kind}:{self.name}"
        object.__setattr__(self, "_text", text)

    @property
    def has_host(self) -> bool:
        """Whether it has a host and a port."""
        return self.kind in _HOST_KINDS

    def __str__(self) -> str:
        return self._text


@lru_cache(maxsize=64)
def parse_address(text: str) -> Address:
    """Take an address apart.

    Args:
        text: one of the forms named in this module.

    Raises:
        ValueError: it has none of these forms; the text says what was expected.
    """
    kind, colon, rest = text.partition(":")
    if not colon:
        raise ValueError(f"{text!r} is no address: expected {_FORMS}")
    if kind in _HOST_KINDS:
        return _parse_host(text, kind, rest)
    if kind == "stdio":
        if rest:
            raise ValueError(f"{text!r} is no stdio address: expected stdio:")
        return Address(kind)
    if kind in _NAME_KINDS:
        wrong = not rest or rest.startswith("//") or (kind == "fd" and not (rest.isascii() and rest.isdigit()))
        if wrong:
            raise ValueError(f"{text!r} is no {kind} address: expected {kind}:{_NAME_KINDS[kind]}")
        return Address(kind, name=rest)
    raise ValueError(f"{text!r} begins with an unknown kind of address {kind!r}: expected {_FORMS}")


def _parse_host(text: str, kind: str, rest: str) -> Address:
    """Take what follows `tcp:`, `tls:`, `ws:` or `wss:` apart."""
    web = kind in ("ws", "wss")
    form = f"{kind}://host:port{'/path' if web else ''}"
    problem = f"{text!r} is no {kind} address: expected {form}, for IPv6 {kind}://[::1]:port"
    if not rest.startswith("//"):
        raise ValueError(problem)
    place, slash, path = rest[2:].partition("/")
    if slash and not web:
        raise ValueError(f"{problem} (nothing follows the port)")
    if not (path.isascii() and path.isprintable()) or " " in path or "#" in path:
        raise ValueError(f"{problem} (a path has no spaces and no '#'; what is not ASCII is written as %XX)")
    if "@" in place or " " in place:
        raise ValueError(f"{problem} (a host has no spaces, and nobody's name stands before it)")
    host, colon, port_text = place.rpartition(":")
    default = _HOST_KINDS[kind]
    if not colon or port_text.endswith("]"):
        if default is None:
            raise ValueError(f"{problem} (the port is missing)")
        host, port_text = place, str(default)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{problem} (an IPv6 address stands in brackets)")
    if not port_text.isascii() or not port_text.isdigit() or int(port_text) > 65535:
        raise ValueError(f"{problem} (the port is a number from 0 to 65535, not {port_text!r})")
    return Address(kind, "" if host == "*" else host, int(port_text), f"/{path}" if web else "")
