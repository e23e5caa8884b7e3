"""What an interface's methods are, as clients and servers need it.

Knows each method's ids, names and the classes of its params and results, which are looked up when first needed. Does not know how a
call is made (`clients.py`) or answered (`servers.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from caplet.runtime.call_forms import CallForm
from caplet.schema.model import EMPTY_BRAND, Brand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from caplet.runtime.factory import ClassFactory
    from caplet.runtime.structs import Struct

__all__ = ["InterfacePlan", "MethodPlan", "method_name"]


class MethodPlan:
    """One method of an interface.

    Args:
        interface: the interface that declares it.
        method_id: its ordinal.
        schema_name: its name in the schema.
        name: its name in Python.
        params: returns the class of its params.
        results: returns the class of its results.
        streaming: whether it is declared `-> stream`.
        allow_cancellation: whether the schema's annotation says that running calls may be cancelled.
        bind: returns the same method with its own type parameters bound.
    """

    def __init__(
        self,
        interface: InterfacePlan,
        method_id: int,
        schema_name: str,
        name: str,
        params: Callable[[], type[Struct]],
        results: Callable[[], type[Struct]],
        streaming: bool = False,
        allow_cancellation: bool = False,
        bind: Callable[[object], MethodPlan] | None = None,
    ) -> None:
        self.interface = interface
        self.interface_id = interface.id
        self.method_id = method_id
        self.schema_name = schema_name
        self.name = name
        self.streaming = streaming
        self.allow_cancellation = allow_cancellation
        self._params = params
        self._results = results
        self._bind = bind
        self._bound: dict[object, MethodPlan] = {}

    @cached_property
    def params(self) -> type[Struct]:
        """The class of its params."""
        return self._params()

    @cached_property
    def results(self) -> type[Struct]:
        """The class of its results."""
        return self._results()

    def bound_to(self, arguments: object) -> MethodPlan:
        """Return the method with its own type parameters bound.

        Args:
            arguments: one Python type, or a tuple of them.

        Raises:
            TypeError: the method has more or fewer parameters, or an argument stands for no type.
        """
        found = self._bound.get(arguments)
        if found is None:
            if self._bind is None:
                raise TypeError(f"{self} has no type parameters")
            found = self._bound[arguments] = self._bind(arguments)
        return found

    @cached_property
    def results_hold_capabilities(self) -> bool:
        """Whether a capability may stand anywhere in its results."""
        return self.results._can_hold_capabilities()

    @cached_property
    def call_form(self) -> CallForm:
        """What a call of it needs at hand."""
        return CallForm(self)

    def __str__(self) -> str:
        return f"{self.interface.display_name}.{self.schema_name}()"


@dataclass(eq=False)
class InterfacePlan:
    """One interface with its methods.

    Args:
        id: the interface's 64-bit id.
        display_name: its name in the schema, with file and scopes.
        methods: its own methods in the order of their ordinals.
        superclasses: the interfaces that it extends, in the order in which it names them.
        factory: what made it, from a schema.
        brand: what its parameters are bound to.
    """

    id: int
    display_name: str
    methods: list[MethodPlan] = field(default_factory=list[MethodPlan])
    superclasses: list[InterfacePlan] = field(default_factory=list["InterfacePlan"])
    factory: ClassFactory | None = None
    brand: Brand = EMPTY_BRAND

    def __post_init__(self) -> None:
        _known[self.id] = self

    def lineage(self) -> Iterator[InterfacePlan]:
        """Yield this interface and all that it extends, each once, nearer ones first."""
        seen: set[int] = set()
        waiting: list[InterfacePlan] = [self]
        while waiting:
            plan = waiting.pop(0)
            if plan.id not in seen:
                seen.add(plan.id)
                yield plan
                waiting.extend(plan.superclasses)

    def extends(self, interface_id: int) -> bool:
        """Tell whether objects of this interface have the interface with that id too."""
        return any(plan.id == interface_id for plan in self.lineage())


# The interfaces that this program has classes of, by id.
_known: WeakValueDictionary[int, InterfacePlan] = WeakValueDictionary()


def method_name(interface_id: int, method_id: int) -> str:
    """Return how a method is called, such as `Greeter.greet`; its ids when this program has no class of the interface."""
    plan = _known.get(interface_id)
    if plan is not None:
        for method in plan.methods:
            if method.method_id == method_id:
                return f"{plan.display_name.rpartition(':')[2]}.{method.schema_name}"
    return f"@{interface_id:#018x}.@{method_id}"
