"""What classes are called: their names, with the types around them, and their modules.

Knows how a declaration's place in its file becomes a qualified name. Does not know names of members (`names.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caplet.runtime.names import declared_name
from caplet.schema.model import FileNode, StructNode

if TYPE_CHECKING:
    from caplet.schema.model import Node
    from caplet.schema.registry import Registry

__all__ = ["class_name", "module_of", "qualname_of", "scopes_of", "without_ancestors"]


def scopes_of(registry: Registry, node: Node) -> list[Node]:
    """Return the node and the nodes around it, the file last when it is known."""
    scopes = [node]
    while node.scope_id and node.scope_id in registry:
        node = registry.get(node.scope_id)
        scopes.append(node)
    return scopes


def class_name(node: Node) -> str:
    """Return what a node's class is called: groups begin with a capital, methods' structs lose the method's name."""
    if "$" in node.name:
        return node.name.rpartition("$")[2]
    if isinstance(node.body, StructNode) and node.body.is_group:
        return node.name[:1].upper() + node.name[1:]
    return declared_name(node)


def qualname_of(registry: Registry, node: Node) -> str:
    """Return a type's name with the types around it."""
    if "$" in node.name:
        # The params or results of a method, which stand in no scope.
        return node.display_name.partition(":")[2].replace("$", ".")
    names = [class_name(scope) for scope in scopes_of(registry, node) if not isinstance(scope.body, FileNode)]
    return ".".join(reversed(names))


def module_of(node: Node) -> str:
    """Return the name of the module that a type's file is."""
    file = node.display_name.partition(":")[0].rpartition("/")[2]
    return f"{file.removesuffix('.capnp').replace('-', '_').replace('+', 'x')}_capnp"


def without_ancestors(bases: list[Any]) -> tuple[Any, ...]:
    """Return base classes without repeats and without those that others derive from already."""
    return tuple(
        base
        for at, base in enumerate(bases)
        if base not in bases[:at] and not any(other is not base and issubclass(other, base) for other in bases)
    )
