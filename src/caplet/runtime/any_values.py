"""What fields without a type may be set from.

Knows which values of a program a pointer can lead to. Does not know fields.
"""

from __future__ import annotations

from caplet.cap.capability import Capability
from caplet.runtime.clients import Client
from caplet.runtime.kinds import AnyPointerKind
from caplet.runtime.references import as_capability
from caplet.runtime.servers import Server
from caplet.schema.model import AnyPointerConstraint
from caplet.wire.untyped import AnyPointer
from caplet.wire.untyped_builder import AnyPointerBuilder
from caplet.wire.views import ListReader, StructReader

__all__ = ["ANY_POINTER", "CONSTRAINED"]


def write_any(pointer: AnyPointerBuilder, value: object, where: str) -> None:
    """Make an untyped pointer lead to a copy of a program's value.

    Raises:
        TypeError: no pointer can lead to such a value.
    """
    if isinstance(value, str):
        pointer.set_text(value)
    elif isinstance(value, bytes | bytearray):
        pointer.set_blob(value)
    elif isinstance(value, Capability | None):
        pointer.set_capability(value)
    elif isinstance(value, Client | Server):
        pointer.set_capability(as_capability(value, Client))
    elif isinstance(value, AnyPointer | StructReader | ListReader):
        pointer.set(value)
    elif isinstance(value, AnyPointerBuilder):
        pointer.set(value.as_reader())
    else:
        raise TypeError(
            f"{where}: expected something that a pointer can lead to, not {type(value).__name__} ({value!r:.60})"
        )


def write_any_struct(pointer: AnyPointerBuilder, value: object, where: str) -> None:
    """Make an untyped pointer lead to a copy of a struct; what it raises is what `write_any` does."""
    if isinstance(value, AnyPointer | AnyPointerBuilder):
        if value.as_reader().kind not in ("null", "struct"):
            raise TypeError(f"{where}: expected a struct, not {value!r}")
    elif not isinstance(value, StructReader):
        raise TypeError(f"{where}: expected a struct, not {type(value).__name__} ({value!r:.60})")
    write_any(pointer, value, where)


def write_any_list(pointer: AnyPointerBuilder, value: object, where: str) -> None:
    """Make an untyped pointer lead to a copy of a list; what it raises is what `write_any` does."""
    if isinstance(value, AnyPointer | AnyPointerBuilder):
        if value.as_reader().kind not in ("null", "list"):
            raise TypeError(f"{where}: expected a list, not {value!r}")
    elif not isinstance(value, ListReader | str | bytes | bytearray):
        raise TypeError(
            f"{where}: expected a list of a message, a text or data, not {type(value).__name__} ({value!r:.60})"
        )
    write_any(pointer, value, where)


ANY_POINTER = AnyPointerKind("AnyPointer", write_any)
CONSTRAINED = {
    AnyPointerConstraint.STRUCT: AnyPointerKind("AnyStruct", write_any_struct),
    AnyPointerConstraint.LIST: AnyPointerKind("AnyList", write_any_list),
}
