"""How names of a schema become names in Python.

Knows the one rule (words in snake_case, enumerants in UPPER_CASE, a trailing underscore where Python or our classes need the name) and
the list of names that our classes need, and the annotation that gives another name. Does not know what the names are of.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Protocol

from caplet.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from caplet.schema.model import Annotation

__all__ = [
    "CALL_NAMES",
    "CLIENT_NAMES",
    "PYTHON_NAME_ID",
    "STRUCT_NAMES",
    "Named",
    "avoid",
    "context_name",
    "declared_name",
    "enumerant_names",
    "field_names",
    "given_name",
    "method_names",
    "snake_case",
    "upper_case",
]

# The names that struct classes need; a field that would have one of them gets a trailing underscore. Frozen: helpers that are added later
# are functions of modules, so that no release renames a user's field.
STRUCT_NAMES = frozenset(
    {
        "as_builder",
        "as_reader",
        "clear",
        "copy",
        "from_bytes",
        "from_canonical",
        "from_dict",
        "from_json",
        "from_packed",
        "from_segments",
        "from_text",
        "read",
        "read_many",
        "to_bytes",
        "to_canonical",
        "to_dict",
        "to_json",
        "to_packed",
        "to_segments",
        "to_text",
        "total_words",
        "which",
        "write",
    }
)
# Prefixes of the accessors that are made for pointer fields.
STRUCT_PREFIXES = ("has_", "init_")

# The annotation `name` of python.capnp.
PYTHON_NAME_ID = 0xD3F1B59A7C2E4860

# The names that client classes need.
CLIENT_NAMES = frozenset({"cast_as", "close"})
# The names that calls need; a capability or struct in results that would have one of them gets a trailing underscore before it is there.
CALL_NAMES = frozenset({"cancel"})


class Named(Protocol):
    """A declaration or member of a schema: what has a name there, and maybe an annotation that gives it another one here."""

    @property
    def name(self) -> str:
        """The name in the schema."""
        ...

    @property
    def annotations(self) -> Sequence[Annotation]:
        """What it is annotated with."""
        ...


def snake_case(name: str) -> str:
    """Return a camelCase name in snake_case; runs of capitals stay together (`parseURLNow` is `parse_url_now`)."""
    pieces: list[str] = []
    for index, letter in enumerate(name):
        if letter.isupper() and index and name[index - 1] != "_":
            before = name[index - 1]
            after = name[index + 1] if index + 1 < len(name) else ""
            if not before.isupper() or after.islower():
                pieces.append("_")
        pieces.append(letter.lower())
    return "".join(pieces)


def upper_case(name: str) -> str:
    """Return a camelCase name in UPPER_CASE."""
    return snake_case(name).upper()


def given_name(member: Named) -> str | None:
    """Return the name that the annotation `$Python.name` gives to a declaration or member, None without one.

    Raises:
        SchemaError: it is no name in Python.
    """
    for annotation in member.annotations:
        if annotation.id == PYTHON_NAME_ID:
            name = annotation.value.content
            if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
                raise SchemaError(f"$Python.name({name!r}) of '{member.name}' is no name that Python could use here")
            return name
    return None


def declared_name(member: Named) -> str:
    """Return what a type, constant or annotation is called in Python: as in the schema, unless Python needs that name."""
    name = given_name(member) or member.name
    return f"{name}_" if keyword.iskeyword(name) else name


def avoid(name: str, taken: frozenset[str] | set[str]) -> str:
    """Return `name`, without leading underscores, and with a trailing one when Python or `taken` has it.

    Args:
        name: a name in snake_case.
        taken: names that are in use.
    """
    if name.startswith("_"):
        name = name.strip("_") or "x"
    while keyword.iskeyword(name) or name in taken:
        name += "_"
    return name


def field_names(members: Iterable[Named]) -> dict[str, str]:
    """Return the names of a struct's fields by their names in the schema.

    Args:
        members: the fields in code order; of two that become the same the later one gets the underscore.
    """
    names: dict[str, str] = {}
    taken = set(STRUCT_NAMES)
    for member in members:
        name = given_name(member) or snake_case(member.name)
        if name.startswith(STRUCT_PREFIXES):
            name += "_"
        names[member.name] = avoid(name, taken)
        taken.add(names[member.name])
    return names


def method_names(members: Iterable[Named]) -> dict[str, str]:
    """Return the names of an interface's methods, given in code order, by their names in the schema."""
    names: dict[str, str] = {}
    taken = set(CLIENT_NAMES)
    for member in members:
        name = given_name(member) or snake_case(member.name)
        names[member.name] = avoid(name, taken)
        taken.add(names[member.name])
    return names


def context_name(schema_name: str) -> str:
    """Return the name by which a server class calls the `CallContext` of a method, for annotations; no method can have it."""
    return f"{schema_name[:1].upper()}{schema_name[1:]}Context"


def enumerant_names(members: Iterable[Named]) -> list[str]:
    """Return the names of an enum's members, in the order of their numbers."""
    names: dict[str, None] = {}
    for member in members:
        name = given_name(member) or upper_case(member.name)
        while name in names or name.startswith("_"):
            name = name.strip("_") + "_"
        names[name] = None
    return list(names)
