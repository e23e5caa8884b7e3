"""The methods of clients, as classes of clients and programs see them.

Knows what a method says of itself. Does not know how it is called (`calling.py`, which is compiled).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from caplet.runtime.calling import MethodBinder, MethodCaller
from caplet.runtime.documentation import method_doc, method_signature

if TYPE_CHECKING:
    from inspect import Signature

    from caplet.runtime.calls import Call
    from caplet.runtime.clients import Client
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.structs import Struct

__all__ = ["BoundMethod", "ClientMethod"]


class ClientMethod(MethodBinder):
    # A method of a client class; reading it from a client gives something to call. What the schema says of it is its docstring.

    __slots__ = ()

    def __init__(self, plan: MethodPlan) -> None:
        super().__init__(plan, BoundMethod)

    if TYPE_CHECKING:

        @overload
        def __get__(self, client: None, owner: type[Client]) -> ClientMethod: ...

        @overload
        def __get__(self, client: Client, owner: type[Client]) -> BoundMethod: ...

        def __get__(self, client: Client | None, owner: type[Client]) -> ClientMethod | BoundMethod: ...

    @property
    def __name__(self) -> str:
        return self.plan.name

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return method_doc(self.plan)

    @property
    def __signature__(self) -> Signature:
        return method_signature(self.plan, unbound=True)

    def __call__(self, client: Client, /, *args: object, **kwargs: object) -> Call[Struct]:
        """Send a call to `client` now; see `BoundMethod`."""
        return BoundMethod(client._capability, self.plan)(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<method {self.plan}>"


class BoundMethod(MethodCaller):
    # A method of one client: call it to send a call. What the schema says of it is its docstring.

    __slots__ = ()

    def __getitem__(self, types: object) -> BoundMethod:
        """Return the method with its own type parameters bound, as in `store.get[Person](key="x")`.

        Args:
            types: one type, or several: `str`, `bytes`, a class of a schema, or `list[...]` of these.

        Raises:
            TypeError: the method has more or fewer parameters, or an argument stands for no type.
        """
        return BoundMethod(self._capability, self._plan.bound_to(types))

    @property
    def __name__(self) -> str:
        return self._plan.name

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return method_doc(self._plan, signature=True)

    @property
    def __signature__(self) -> Signature:
        return method_signature(self._plan)

    def __repr__(self) -> str:
        return f"<method {self._plan} of {self._capability.describe()}>"
