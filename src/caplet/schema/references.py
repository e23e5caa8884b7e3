"""To which other nodes a node refers.

Knows every place of a node in which the id of another one stands. Does not look those up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caplet.schema.model import (
    Annotation,
    AnnotationNode,
    Brand,
    ConstNode,
    EnumNode,
    InterfaceNode,
    ListType,
    NamedType,
    Node,
    Slot,
    StructNode,
    Type,
)
from caplet.schema.registry import Registry

__all__ = ["closure", "dependency_ids", "mentioned_ids"]


def mentioned_ids(node: Node) -> Iterator[int]:
    """The ids of the types that a node mentions itself, groups included, annotations not."""
    body = node.body
    if isinstance(body, StructNode):
        for field in body.fields:
            if isinstance(field.body, Slot):
                yield from _type_ids(field.body.type)
            else:
                yield field.body.type_id
        if body.is_group:
            yield node.scope_id
    elif isinstance(body, InterfaceNode):
        yield from _interface_ids(body)
    elif isinstance(body, (ConstNode, AnnotationNode)):
        yield from _type_ids(body.type)


def dependency_ids(node: Node) -> Iterator[int]:
    """The ids to which a node refers."""
    body = node.body
    if isinstance(body, StructNode):
        for field in body.fields:
            if isinstance(field.body, Slot):
                yield from _type_ids(field.body.type)
            yield from _annotation_ids(field.annotations)
    elif isinstance(body, EnumNode):
        for enumerant in body.enumerants:
            yield from _annotation_ids(enumerant.annotations)
    elif isinstance(body, InterfaceNode):
        yield from _interface_ids(body)
        for method in body.methods:
            yield from _annotation_ids(method.annotations)
    elif isinstance(body, (ConstNode, AnnotationNode)):
        yield from _type_ids(body.type)
    yield from _annotation_ids(node.annotations)


def _interface_ids(body: InterfaceNode) -> Iterator[int]:
    for superclass in body.superclasses:
        yield superclass.id
        yield from _brand_ids(superclass.brand)
    for method in body.methods:
        yield method.param_struct_type
        yield from _brand_ids(method.param_brand)
        yield method.result_struct_type
        yield from _brand_ids(method.result_brand)


def _type_ids(type_: Type) -> Iterator[int]:
    while isinstance(type_, ListType):
        type_ = type_.element
    if isinstance(type_, NamedType):
        yield type_.type_id
        yield from _brand_ids(type_.brand)


def _brand_ids(brand: Brand) -> Iterator[int]:
    for scope in brand.scopes:
        for binding in scope.bindings or ():
            if binding is not None:
                yield from _type_ids(binding)


def _annotation_ids(annotations: Iterable[Annotation]) -> Iterator[int]:
    return (annotation.id for annotation in annotations)


def closure(registry: Registry, node: Node) -> list[Node]:
    """Returns a node with everything that it refers to, the groups of all that, and the scopes around; those that are not there are left out."""
    found: dict[int, Node] = {}
    waiting = [node.id]
    while waiting:
        node_id = waiting.pop()
        added = None if node_id in found else registry.get_or_none(node_id)
        if added is not None:
            found[node_id] = added
            waiting += reversed([added.scope_id, *mentioned_ids(added), *dependency_ids(added)])
    return list(found.values())
