"""Testing programs that call each other: a simulated network, transcripts, scripted peers, leak checks, and what every transport must do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caplet.testing.transports import check_transport

__all__ = ["check_transport"]


def __getattr__(name: str) -> object:
    """Import what needs event loops when it is first used."""
    if name == "check_transport":
        from caplet.testing.transports import check_transport

        return check_transport
    raise AttributeError(f"module 'caplet.testing' has no attribute {name!r}")
