"""Clients: references to objects, with a method for each method of their interface.

Knows how a client class is made. Does not know how calls are built (`client_methods.py`), or what else stands for an object (`references.py`).
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar

from caplet.cap.capability import BrokenCapability
from caplet.errors import Failed
from caplet.runtime.client_methods import ClientMethod
from caplet.runtime.interfaces import InterfacePlan
from caplet.runtime.references import Reference

if TYPE_CHECKING:
    from types import TracebackType


__all__ = ["Client", "check_client", "check_interface", "check_kind", "described", "make_client_class"]

ClientType = TypeVar("ClientType", bound="Client")


class Client(Reference):
    """A reference to an object; generated classes add its methods.

    The object is released when the last reference goes, or at once by `close()` or `with`.
    """

    __slots__ = ()

    _interface: ClassVar[InterfacePlan] = InterfacePlan(0, "Capability")

    def __getattr__(self, name: str) -> object:
        """Explain an attribute that is not there.

        Raises:
            AttributeError: always; it names the nearest methods.
        """
        names = [plan.name for interface in self._interface.lineage() for plan in interface.methods]
        near = difflib.get_close_matches(name, names, 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise AttributeError(f"{type(self).__qualname__} has no method {name!r}{hint}", name=name, obj=self)

    def cast_as(self, interface: type[ClientType]) -> ClientType:
        """Return a client of another interface for the same object; whether the object has it shows when it is called.

        Args:
            interface: the client class of that interface.

        Raises:
            TypeError: it is no interface.
        """
        check_interface(interface)
        return interface(self._capability)

    def close(self) -> None:
        """Let go of the object at once; later calls by this client fail."""
        capability, self._capability = self._capability, BrokenCapability(Failed("this client was closed"))
        turns = capability.turns
        del capability
        if turns is not None and turns.host.is_here:
            turns.settle_drops()
            turns.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __eq__(self, other: object) -> bool:
        """Tell whether both refer to the same object, as far as is known now."""
        if isinstance(other, Client):
            return self._capability.current() is other._capability.current()
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what a promise refers to changes

    def __copy__(self) -> Self:
        return type(self)(self._capability)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(
            f"a client of {type(self).__qualname__} refers to an object that lives elsewhere, and cannot be pickled or copied deeply"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__qualname__}: {self._capability.describe()}>"


def described(value: object) -> str:
    """Return what a value is, for the text of an error: a class by its name, anything else by its type."""
    return f"the class {value.__qualname__}" if isinstance(value, type) else type(value).__name__


def check_kind(value: object, kind: type[Any], expected: str) -> None:
    """Refuse what is of another kind than a program was asked for.

    Args:
        value: what the program gave.
        kind: what it must be an instance of.
        expected: the same in words.

    Raises:
        TypeError: it is something else; the text says what was expected.
    """
    if not isinstance(value, kind):
        raise TypeError(f"expected {expected}, not {described(value)}")


def check_interface(interface: object) -> None:
    """Refuse what is no interface.

    Raises:
        TypeError: it is something else; the text says what was expected.
    """
    if isinstance(interface, type) and issubclass(interface, Client):
        return
    # A Server class knows the client class of its interface.
    own = getattr(interface, "_client", None) if isinstance(interface, type) else None
    hint = f"; servers extend {own.__qualname__}.Server, the interface is {own.__qualname__}" if own else ""
    raise TypeError(f"expected an interface of a schema, not {described(interface)}{hint}")


def check_client(client: object) -> None:
    """Refuse what is no client.

    Raises:
        TypeError: it is something else; the text says what was expected.
    """
    if not isinstance(client, Client):
        hint = "; caplet.this_cap(...) gives a client of a Server object" if hasattr(client, "_this_cap") else ""
        raise TypeError(f"expected a client, not {described(client)}{hint}")


def make_client_class(
    name: str, qualname: str, module: str, plan: InterfacePlan, bases: tuple[type[Client], ...]
) -> type[Client]:
    """Make the client class of an interface.

    Args:
        name: its name.
        qualname: its name with the scopes that it stands in.
        module: the name of its module.
        plan: the interface.
        bases: the client classes of the interfaces that it extends.
    """
    namespace: dict[str, object] = {
        "__slots__": (),
        "__module__": module,
        "__qualname__": qualname,
        "_interface": plan,
    }
    for method in plan.methods:
        namespace[method.name] = ClientMethod(method)
    return type(name, bases or (Client,), namespace)
