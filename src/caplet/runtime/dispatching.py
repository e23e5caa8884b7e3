"""Server objects as capabilities see them: which of their methods serves which call.

Knows how a method is found. Does not know how an object becomes a capability (`servers.py`), or how a method is called (`server_methods.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from caplet.errors import Unimplemented

if TYPE_CHECKING:
    from caplet.cap.call import IncomingCall
    from caplet.runtime.server_methods import ServerMethod
    from caplet.runtime.servers import Server, ServerPlan

__all__ = ["DESCRIPTOR", "HasFileno", "ServerDispatcher"]

# Where an object keeps its descriptor: no attribute that a program writes can have such a name.
DESCRIPTOR = "_caplet file descriptor"


class HasFileno(Protocol):
    """A file, a socket, or anything else with a file descriptor."""

    def fileno(self) -> int:
        """Return the descriptor."""
        ...


class ServerDispatcher:
    """A Server object, as capabilities see it.

    Args:
        server: the object.
        plan: what is known of its class.
    """

    __slots__ = ("last", "methods", "plan", "server")

    def __init__(self, server: Server, plan: ServerPlan) -> None:
        self.server = server
        self.plan = plan
        self.methods = plan.methods
        # What was called last is often called again.
        self.last: ServerMethod | None = None

    @property
    def fd(self) -> int | None:
        """The file descriptor that was attached to the object, None when there is none, or it was closed."""
        attached: HasFileno | int | None = self.server.__dict__.get(DESCRIPTOR)
        if attached is None or isinstance(attached, int):
            return attached
        try:
            return attached.fileno()
        except ValueError:
            return None

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return whether the method may be cancelled, and whether its calls run one at a time."""
        method = self.method_or_none(interface_id, method_id)
        return 0 if method is None else method.flags

    def method_or_none(self, interface_id: int, method_id: int) -> ServerMethod | None:
        """Return a method, None when the object has none of these ids."""
        last = self.last
        if last is not None and last.method_id == method_id and last.interface_id == interface_id:
            return last
        found = self.methods.get((interface_id, method_id))
        if found is not None:
            self.last = found
        return found

    def dispatch(self, call: IncomingCall) -> None:
        """Start the method."""
        method = self.method_or_none(call.interface_id, call.method_id)
        if method is None:
            raise Unimplemented(self.missing(call.interface_id, call.method_id))
        method.start(self.server, call)

    def missing(self, interface_id: int, method_id: int) -> str:
        """Return what is wrong with a call of a method that is not there."""
        for interface in self.server._interface.lineage():
            if interface.id == interface_id:
                for plan in interface.methods:
                    if plan.method_id == method_id:
                        return f"{type(self.server).__qualname__} does not implement {plan}{self.plan.near(plan.name)}"
                return f"interface {interface.display_name} has no method @{method_id} here"
        return f"{type(self.server).__qualname__} has no interface @0x{interface_id:016x} (method @{method_id})"

    def describe(self) -> str:
        """Return the name of the object's class."""
        return f"local {type(self.server).__qualname__}"

    def released(self) -> None:
        """No reference to the object is left: tell it."""
        self.plan.tell_released(self.server)
