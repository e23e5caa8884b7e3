"""Dynamic access: members by the names that they have in the schema, for code that learns those names when it runs.

Knows structs, lists of them, clients, requests and calls as things with named members. What is a name in Python is the classes' business; these views
hold no state of their own beside the object that they show.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from caplet.runtime.calls import Call, Pipeline
from caplet.runtime.client_methods import BoundMethod
from caplet.runtime.clients import Client, check_client, check_interface
from caplet.runtime.list_kinds import ListKind
from caplet.runtime.lists import List
from caplet.runtime.plans import StructKind
from caplet.runtime.reflection import MethodSchema, schema_of_method
from caplet.runtime.server_marks import by_context
from caplet.runtime.servers import Server
from caplet.runtime.structs import BuilderMixin, Struct

if TYPE_CHECKING:
    from caplet.runtime.call_contexts import CallContext
    from caplet.runtime.fields import Field

__all__ = [
    "DynamicCall",
    "DynamicClient",
    "DynamicList",
    "DynamicMethod",
    "DynamicPipeline",
    "DynamicStruct",
    "dynamic",
    "dynamic_server",
    "upcast",
]

ClientType = TypeVar("ClientType", bound=Client)


class DynamicStruct(Mapping[str, Any]):
    """A struct as a mapping by the schema's names: `view["phoneNumbers"]`, also to be set; iterating yields the fields that say something."""

    __slots__ = ("struct",)

    def __init__(self, struct: Struct) -> None:
        self.struct = struct
        """The struct itself."""

    def _field(self, name: str) -> Field:
        fields = self.struct._plan.by_name
        field = fields.get(name)
        if field is None or field.schema_name != name:
            known = [field.schema_name for field in self.struct._plan.fields]
            raise KeyError(f"{self.struct._plan.name} has no field {_unknown(name, known)}")
        return field

    def __getitem__(self, name: str) -> Any:
        """Return a field; structs and lists of structs as views.

        Raises:
            KeyError: there is no field of that name.
            InactiveMemberError: it is not the active member of its union.
        """
        return _shown(self._field(name).read(self.struct))

    def __setitem__(self, name: str, value: object) -> None:
        """Set a field; mappings in it may use the schema's names or those in Python."""
        self._field(name).assign(self.struct, _plain(value))

    def __contains__(self, name: object) -> bool:
        """Tell whether a field says something: its pointer is not null, and it is active in its union."""
        return any(field.schema_name == name for _, field in self.struct._present())

    def __iter__(self) -> Iterator[str]:
        return (field.schema_name for _, field in self.struct._present())

    def __len__(self) -> int:
        return sum(1 for _ in self.struct._present())

    @property
    def which(self) -> str | None:
        """The schema's name of the active member of the union, None without a union or for a member that the schema does not know."""
        plan = self.struct._plan
        tag = plan.tag(self.struct._reading())
        return next((field.schema_name for field in plan.fields if field.tag == tag and tag >= 0), None)

    def init(self, name: str, length: int | None = None) -> Any:
        """Make a struct, group or list field anew and return it.

        Args:
            name: the field.
            length: how many elements, of a list.

        Raises:
            TypeError: the struct is a reader, or the field cannot be made so.
        """
        from caplet.runtime.accessors import InitField

        field = self._field(name)
        if not isinstance(self.struct, BuilderMixin):
            raise TypeError(f"{self.struct._plan.name} cannot be changed: readers are immutable")
        return _shown(InitField(field).initializer(self.struct)(length))

    def clear(self, name: str) -> None:
        """Set a field back to its default."""
        self.struct.clear(self._field(name).name)

    def __repr__(self) -> str:
        return f"dynamic({self.struct!r})"


class DynamicList(Sequence[Any]):
    """A list of structs or lists, whose elements are views."""

    __slots__ = ("list",)

    def __init__(self, items: List) -> None:
        self.list = items
        """The list itself."""

    @overload
    def __getitem__(self, index: int) -> Any: ...

    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        found: Any = self.list[index]
        return [_shown(item) for item in found] if isinstance(index, slice) else _shown(found)

    def __setitem__(self, index: int, value: object) -> None:
        self.list[index] = _plain(value)

    def __len__(self) -> int:
        return len(self.list)

    def __repr__(self) -> str:
        return f"dynamic({self.list!r})"


class DynamicClient:
    """A client whose methods are called by the schema's names: `view["doIt"](someParam=5)`."""

    __slots__ = ("client",)

    def __init__(self, client: Client) -> None:
        self.client = client
        """The client itself."""

    def __getitem__(self, name: str) -> DynamicMethod:
        """Return a method.

        Raises:
            KeyError: there is none of that name.
        """
        plans = [plan for interface in self.client._interface.lineage() for plan in interface.methods]
        for plan in plans:
            if plan.schema_name == name:
                return DynamicMethod(BoundMethod(self.client._capability, plan))
        known = [plan.schema_name for plan in plans]
        raise KeyError(f"{type(self.client).__qualname__} has no method {_unknown(name, known)}")

    def __iter__(self) -> Iterator[str]:
        return (plan.schema_name for interface in self.client._interface.lineage() for plan in interface.methods)

    def __repr__(self) -> str:
        return f"dynamic({self.client!r})"


class DynamicMethod:
    """A method of a client: call it with params by the schema's names, or those in Python."""

    __slots__ = ("method",)

    def __init__(self, method: BoundMethod) -> None:
        self.method = method
        """The method itself."""

    def __call__(self, /, *args: object, **kwargs: object) -> DynamicCall:
        """Send a call now.

        Args:
            args: params in the order in which the schema declares them.
            kwargs: params by name.

        Raises:
            AttributeError: there is no param of a name; nothing is sent.
            TypeError: a value is of the wrong type; nothing is sent.
        """
        named = {name: _plain(value) for name, value in kwargs.items()}
        return DynamicCall(self.method(*map(_plain, args), **named))

    def __repr__(self) -> str:
        return f"dynamic({self.method!r})"


class DynamicPipeline:
    """A struct that does not exist yet, in the results of a call: `view["service"]` is a capability in it."""

    __slots__ = ("pipeline",)

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        """The call, or the struct in its results, itself."""

    def __getitem__(self, name: str) -> Any:
        """Return a member of the struct as a view; of a capability, a client.

        Raises:
            KeyError: there is no such field.
            AttributeError: it cannot be used before the struct is there.
        """
        plan = self.pipeline._struct._plan
        field = plan.by_name.get(name)
        if field is None or field.schema_name != name:
            raise KeyError(f"{plan.name} has no field {_unknown(name, [field.schema_name for field in plan.fields])}")
        return _shown(getattr(self.pipeline, field.name))

    def __repr__(self) -> str:
        return f"dynamic({self.pipeline!r})"


class DynamicCall(DynamicPipeline):
    """A call that was sent: await it for a view of its results."""

    __slots__ = ()

    pipeline: Call[Struct]

    def __await__(self) -> Generator[object, None, DynamicStruct]:
        results = yield from self.pipeline.__await__()
        return DynamicStruct(results)


@overload
def dynamic(thing: Struct) -> DynamicStruct: ...


@overload
def dynamic(thing: Client) -> DynamicClient: ...


@overload
def dynamic(thing: Call[Any]) -> DynamicCall: ...


@overload
def dynamic(thing: Pipeline) -> DynamicPipeline: ...


def dynamic(
    thing: Struct | Client | Call[Any] | Pipeline,
) -> DynamicStruct | DynamicClient | DynamicCall | DynamicPipeline:
    """Return a view of something with named members, by the names in the schema.

    Args:
        thing: a struct, a client, or a call.

    Raises:
        TypeError: it is something else.
    """
    shown = _shown(thing)
    if isinstance(shown, DynamicStruct | DynamicClient | DynamicPipeline):
        return shown
    raise TypeError(f"{thing!r:.60} has no members by name; expected a struct, a client or a call")


def _shown(value: Any) -> Any:
    """Return a value as a view, when there is one of its kind."""
    if isinstance(value, Struct):
        return DynamicStruct(value)
    if isinstance(value, Client):
        return DynamicClient(value)
    if isinstance(value, List) and isinstance(value.kind, StructKind | ListKind):
        return DynamicList(value)
    if isinstance(value, Call):
        return DynamicCall(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, Pipeline):
        return DynamicPipeline(value)
    return value


def _plain(value: object) -> object:
    """Return what a view shows; anything else as it is."""
    if isinstance(value, DynamicStruct):
        return value.struct
    if isinstance(value, DynamicList):
        return value.list
    if isinstance(value, DynamicClient):
        return value.client
    return value


def _unknown(name: str, known: list[str]) -> str:
    """Return a name that is not there, with those that are near."""
    near = difflib.get_close_matches(name, known, 3, 0.5)
    return f"{name!r}; did you mean {' or '.join(near)}?" if near else repr(name)


# --- servers ----------------------------------------------------------------------------------------------------------------------------


def dynamic_server(interface: type[Client], answer: Callable[[MethodSchema, CallContext], object]) -> Server:
    """Return a server of an interface, all of whose methods are answered by one function.

    Args:
        interface: the client class of the interface.
        answer: called for every call, with the method and the call's context; it may be a coroutine function. What it returns is what a method of a
            server may return.
    """

    @by_context
    def method(server: Server, context: CallContext) -> object:
        return answer(schema_of_method(context._plan), context)

    served: Any = interface
    names = [plan.name for inherited in interface._interface.lineage() for plan in inherited.methods]
    made: Any = type(f"Dynamic{interface.__name__}Server", (served.Server,), dict.fromkeys(names, method))
    server: Server = made()
    return server


def upcast(client: Client, interface: type[ClientType]) -> ClientType:
    """Return a client of an interface that the client's own one extends; `client.cast_as` is the same without the check.

    Args:
        client: a reference to an object.
        interface: the client class of the other interface.

    Raises:
        TypeError: the client's interface does not extend the other one, or one of them is something else.
    """
    check_client(client)
    check_interface(interface)
    own, other = client._interface, interface._interface
    if other.id and not own.extends(other.id):
        raise TypeError(f"{own.display_name} does not extend {other.display_name}; cast_as takes it all the same")
    return client.cast_as(interface)
