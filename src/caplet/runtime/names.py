"""How names of a schema become names in Python.

Knows the one rule (words in snake_case, enumerants in UPPER_CASE, a trailing underscore where Python or our classes need the name) and
the list of names that our classes need. Does not know schemas.
"""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "CALL_NAMES",
    "CLIENT_NAMES",
    "STRUCT_NAMES",
    "avoid",
    "context_name",
    "enumerant_names",
    "field_names",
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

# The names that client classes need.
CLIENT_NAMES = frozenset({"cast_as", "close"})
# The names that calls need; a capability or struct in results that would have one of them gets a trailing underscore before it is there.
CALL_NAMES = frozenset({"cancel"})


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


def avoid(name: str, taken: frozenset[str] | set[str]) -> str:
    """Return `name`, with a trailing underscore when Python or `taken` has it.

    Args:
        name: a name in snake_case.
        taken: names that are in use.
    """
    while keyword.iskeyword(name) or name in taken or name.startswith("__"):
        if name.startswith("__"):
            name = name.strip("_") or "x"
        name += "_"
    return name


def field_names(schema_names: Iterable[str]) -> dict[str, str]:
    """Return the names of a struct's fields by their names in the schema.

    Args:
        schema_names: in code order; of two that become the same the later one gets the underscore.
    """
    names: dict[str, str] = {}
    taken = set(STRUCT_NAMES)
    for schema_name in schema_names:
        name = snake_case(schema_name)
        if name.startswith(STRUCT_PREFIXES):
            name += "_"
        names[schema_name] = avoid(name, taken)
        taken.add(names[schema_name])
    return names


def method_names(schema_names: Iterable[str]) -> dict[str, str]:
    """Return the names of an interface's methods by their names in the schema, which come in code order."""
    names: dict[str, str] = {}
    taken = set(CLIENT_NAMES)
    for schema_name in schema_names:
        names[schema_name] = avoid(snake_case(schema_name), taken)
        taken.add(names[schema_name])
    return names


def context_name(schema_name: str) -> str:
    """Return the name by which a server class calls the `CallContext` of a method, for annotations; no method can have it."""
    return f"{schema_name[:1].upper()}{schema_name[1:]}Context"


def enumerant_names(schema_names: Iterable[str]) -> list[str]:
    """Return the names of an enum's members, in the order of their numbers."""
    names: dict[str, None] = {}
    for schema_name in schema_names:
        name = upper_case(schema_name)
        while name in names or name.startswith("_"):
            name = name.strip("_") + "_"
        names[name] = None
    return list(names)
