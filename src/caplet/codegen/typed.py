"""The types that the stubs of generated modules are written in.

Knows what type checkers are told about lists, pointers and data. The objects themselves are made by `caplet.runtime`; nothing here is used when a program runs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from caplet.cap.capability import Capability
from caplet.runtime.call_contexts import CallContext
from caplet.runtime.calling import Request
from caplet.runtime.calls import Call, Pipeline
from caplet.runtime.clients import Client
from caplet.runtime.enums import Enum
from caplet.runtime.reflection import AnnotationSchema
from caplet.runtime.servers import Server
from caplet.runtime.structs import BuilderMixin, Struct
from caplet.wire.untyped import AnyList, AnyPointer, AnyStruct
from caplet.wire.untyped_builder import AnyPointerBuilder

if TYPE_CHECKING:
    from caplet.runtime.columns import Column

__all__ = [
    "AnnotationSchema",
    "AnyPointer",
    "AnyPointerBuilder",
    "AnyValue",
    "Blob",
    "BuilderMixin",
    "Call",
    "CallContext",
    "Client",
    "Enum",
    "ListBuilder",
    "ListReader",
    "Pipeline",
    "Request",
    "Server",
    "Struct",
]

Blob: TypeAlias = bytes | bytearray | memoryview
AnyValue: TypeAlias = (
    str
    | bytes
    | bytearray
    | Struct
    | Client
    | Server
    | Capability
    | AnyPointer
    | AnyPointerBuilder
    | AnyStruct
    | AnyList
    | None
)

Item = TypeVar("Item", covariant=True)
Value = TypeVar("Value", contravariant=True)


class ListReader(Sequence[Item]):
    """A list in a message."""

    @abstractmethod
    def view(self) -> memoryview:
        """Return the numbers in the message's own memory."""

    @abstractmethod
    def to_bytes(self) -> bytes:
        """Return the elements of a List(Bool), one byte for each."""

    @abstractmethod
    def column(self, name: str, copy: bool = False) -> Column:
        """Return one number field of all elements."""


class ListBuilder(ListReader[Item], Generic[Item, Value]):
    """A list in a message that is being built: `Item` is what is read, `Value` what may be put in."""

    @abstractmethod
    def __setitem__(self, index: int, value: Value, /) -> None: ...

    @abstractmethod
    def append(self, value: Value, /) -> None:
        """Add an element."""

    @abstractmethod
    def extend(self, values: Iterable[Value], /) -> None:
        """Add elements."""
