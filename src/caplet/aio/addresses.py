"""Addresses as users write them, taken apart.

Knows the forms `tcp://host:port`, `unix:/path`, `unix-abstract:name` and `memory:name`. Does not know how any of them is opened.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Address", "parse_address"]

_FORMS = "tcp://host:port, unix:/path, unix-abstract:name or memory:name"


@dataclass(frozen=True, slots=True)
class Address:
    """One place to listen at or to connect to.

    Args:
        kind: "tcp", "unix", "unix-abstract" or "memory".
        host: host name or IP address, of tcp; empty for every interface.
        port: port number of tcp; 0 lets the system choose when listening.
        name: path of unix, name of unix-abstract and memory.
    """

    kind: str
    host: str = ""
    port: int = 0
    name: str = ""

    def __str__(self) -> str:
        if self.kind == "tcp":
            host = f"[{self.host}]" if ":" in self.host else self.host
            return f"tcp://{host}:{self.port}"
        return f"{self.kind}:{self.name}"


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
    if kind == "tcp":
        return _parse_tcp(text, rest)
    if kind in ("unix", "unix-abstract", "memory"):
        if not rest or rest.startswith("//"):
            raise ValueError(
                f"{text!r} is no {kind} address: expected {'unix:/path' if kind == 'unix' else kind + ':name'}"
            )
        return Address(kind, name=rest)
    raise ValueError(f"{text!r} begins with an unknown kind of address {kind!r}: expected {_FORMS}")


def _parse_tcp(text: str, rest: str) -> Address:
    """Take what follows `tcp:` apart."""
    problem = f"{text!r} is no TCP address: expected tcp://host:port, for IPv6 tcp://[::1]:port"
    if not rest.startswith("//"):
        raise ValueError(problem)
    host, colon, port_text = rest[2:].rpartition(":")
    if not colon:
        raise ValueError(f"{problem} (the port is missing)")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError(f"{problem} (an IPv6 address stands in brackets)")
    if not port_text.isascii() or not port_text.isdigit() or int(port_text) > 65535:
        raise ValueError(f"{problem} (the port is a number from 0 to 65535, not {port_text!r})")
    return Address("tcp", "" if host == "*" else host, int(port_text))
