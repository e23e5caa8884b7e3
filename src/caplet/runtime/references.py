"""What programs hold of objects, and which capability a value of a program stands for.

Knows that a client refers to a capability and that a Server object has one. Does not know what either can do (`clients.py`, `servers.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.capability import Capability
    from caplet.runtime.interfaces import InterfacePlan

__all__ = ["Reference", "as_capability", "set_servers"]


class Reference:
    """What a program holds of an object; every client is one.

    Args:
        capability: what it refers to.
    """

    __slots__ = ("__weakref__", "_capability")

    def __init__(self, capability: Capability) -> None:
        self._capability = capability


class Servers:
    """How Server objects are known, of which only a layer above this one knows more."""

    __slots__ = ("capability_of", "kind")

    kind: type[Any] | tuple[()]
    capability_of: Callable[[Any], Capability]

    def __init__(self) -> None:
        self.kind = ()


SERVERS = Servers()


def set_servers(kind: type[Any], capability_of: Callable[[Any], Capability]) -> None:
    """Say what Server objects are.

    Args:
        kind: the class that all of them are of.
        capability_of: returns the capability of one.
    """
    SERVERS.kind = kind
    SERVERS.capability_of = capability_of


def as_capability(value: object, interface: type[Any]) -> Capability | None:
    """Return the capability that a program's value stands for.

    Args:
        value: a client, a Server object, or None.
        interface: the client class of the interface that is expected.

    Raises:
        TypeError: it is something else, or of an interface that neither is the expected one nor extends it.
    """
    if value is None:
        return None
    expected: InterfacePlan = interface._interface
    known: Any = value
    if isinstance(value, Reference):
        given: InterfacePlan = known._interface
        # A client without an interface may be anything.
        if given is not expected and expected.id and given.id and not given.extends(expected.id):
            raise TypeError(
                f"a client of {given.display_name} has no interface {expected.display_name}; "
                "if its object has, say so by cast_as()"
            )
        return value._capability
    if isinstance(value, SERVERS.kind):
        offered: InterfacePlan = known._interface
        if offered is not expected and expected.id and not offered.extends(expected.id):
            raise TypeError(f"a Server of {offered.display_name} has no interface {expected.display_name}")
        return SERVERS.capability_of(value)
    raise TypeError(f"expected a client or Server of {expected.display_name}, or None, not {type(value).__name__}")
