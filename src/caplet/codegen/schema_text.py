"""Schemas printed back in the schema language, with their ids, and with where each field lies in comments.

Knows the layout of the text, which is that of the original's generator `capnpc-capnp`, but for what would not compile again there. How
types and annotations are named is in `schema_names`. Aliases and comments of the text that was compiled are not in its nodes and do not come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final

from caplet.codegen.schema_names import SchemaNames, has_literals
from caplet.schema.ids import STREAM_RESULT_ID
from caplet.schema.model import (
    Annotation,
    AnnotationNode,
    AnnotationTargets,
    CodeGeneratorRequest,
    ConstNode,
    EnumNode,
    Field,
    Group,
    InterfaceNode,
    Method,
    Node,
    Slot,
    StructNode,
)
from caplet.schema.registry import Registry
from caplet.schema.type_sizes import DATA_BITS

__all__ = ["print_schemas"]

_BY_CODE_ORDER: Final = attrgetter("code_order")


def print_schemas(request: CodeGeneratorRequest) -> str:
    """Return the requested files of a request as text, one behind the other.

    Args:
        request: what a compiler made.
    """
    registry = Registry(request.nodes)
    return "".join(_FilePrinter(registry).file(requested.id) for requested in request.requested_files)


class _FilePrinter:
    """Prints the declarations of files."""

    __slots__ = ("names", "registry")

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.names = SchemaNames(registry)

    def file(self, file_id: int) -> str:
        """Return a file."""
        node = self.registry.get(file_id)
        lines = [f"# {node.display_name}", f"@{node.id:#018x};"]
        for annotation in node.annotations:
            text = self.names.annotation(annotation, node)
            lines.append((f"{text};" if text else "") + self.losses())
        lines += self.nested(node, "")
        return "\n".join(lines) + "\n"

    def nested(self, node: Node, indent: str) -> Iterator[str]:
        """Return the declarations inside a node."""
        for declared in node.nested_nodes:
            yield from self.declaration(self.registry.get(declared.id), declared.name, indent)

    def declaration(self, node: Node, name: str, indent: str) -> Iterator[str]:
        """Return a declaration."""
        body = node.body
        head = f"{name} @{node.id:#018x}"
        parameters = f" ({', '.join(node.parameters)})" if node.parameters else ""
        if isinstance(body, ConstNode):
            scope = self.registry.get(node.scope_id)
            head = f"const {head} :{self.names.type(body.type, scope)}"
            if not has_literals(body.type):
                yield f"{indent}# {head} has no literal"
                return
            value = self.names.literals.format_value(body.type, body.value, False)
            yield f"{indent}{head} = {value}{self.annotations(node.annotations, node)};{self.losses()}"
        elif isinstance(body, AnnotationNode):
            type_ = self.names.type(body.type, self.registry.get(node.scope_id))
            targets = f"{head} ({_targets(body.targets)}) :{type_}"
            yield f"{indent}annotation {targets}{self.annotations(node.annotations, node)};{self.losses()}"
        elif isinstance(body, EnumNode):
            yield f"{indent}enum {head}{self.annotations(node.annotations, node)} {{{self.losses()}"
            for number, enumerant in sorted(enumerate(body.enumerants), key=lambda entry: entry[1].code_order):
                annotations = self.annotations(enumerant.annotations, node)
                yield f"{indent}  {enumerant.name} @{number}{annotations};{self.losses()}"
            yield from self.nested(node, indent + "  ")
            yield f"{indent}}}"
        elif isinstance(body, InterfaceNode):
            yield from self.interface(node, body, f"{indent}interface {head}{parameters}", indent)
        elif isinstance(body, StructNode):
            sizes = f"{body.data_word_count * 8} bytes, {body.pointer_count} ptrs"
            annotations = self.annotations(node.annotations, node)
            yield f"{indent}struct {head}{parameters}{annotations} {{{self.losses(sizes)}"
            yield from self.fields(body, node, indent + "  ")
            yield from self.nested(node, indent + "  ")
            yield f"{indent}}}"

    # -- structs ------------------------------------------------------------------------------------------------------

    def fields(self, body: StructNode, scope: Node, indent: str) -> Iterator[str]:
        """Return the fields of a struct or group in the order of the text; the unnamed union stands where its first member is."""
        in_order = sorted(body.fields, key=_BY_CODE_ORDER)
        union = [field for field in in_order if field.in_union]
        for field in in_order:
            if not field.in_union:
                yield from self.field(field, scope, indent)
            elif field is union[0]:
                yield f"{indent}union {{  # {_tag(body)}"
                for member in union:
                    yield from self.field(member, scope, indent + "  ")
                yield f"{indent}}}"

    def field(self, field: Field, scope: Node, indent: str) -> Iterator[str]:
        """Return a field or group."""
        tag = f"union tag = {field.discriminant_value}" if field.in_union else ""
        if isinstance(field.body, Group):
            yield from self.group(field, field.body, scope, tag, indent)
            return
        text = self.slot(field, field.body, scope)
        place = _place(field.body)
        yield f"{indent}{text};{self.losses(f'{place}, {tag}' if tag else place)}"

    def slot(
        self, field: Field, body: Slot, scope: Node, *, numbered: bool = True, method: Method | None = None
    ) -> str:
        """Return a field, or (without its number) a parameter."""
        ordinal = f" @{field.ordinal}" if numbered else ""
        text = f"{field.name}{ordinal} :{self.names.type(body.type, scope, method)}"
        if body.had_explicit_default and not has_literals(body.type):
            self.names.literals.lose()
        elif body.had_explicit_default:
            text += f" = {self.names.literals.format_value(body.type, body.default, False)}"
        return text + self.annotations(field.annotations, scope)

    def group(self, field: Field, body: Group, scope: Node, tag: str, indent: str) -> Iterator[str]:
        """Return a group; a named union is printed as one where a group in its place would say something else."""
        node = self.registry.get(body.type_id).body
        assert isinstance(node, StructNode)
        annotations = self.annotations(field.annotations, scope)
        is_union = bool(node.fields) and all(member.in_union for member in node.fields)
        if is_union and (field.ordinal is not None or self.names.only_for_unions(field.annotations)):
            ordinal = f" @{field.ordinal}!" if field.ordinal is not None else ""
            comment = f"{_tag(node)}, {tag}" if tag else _tag(node)
            yield f"{indent}{field.name}{ordinal} :union{annotations} {{{self.losses(comment)}"
            for member in sorted(node.fields, key=_BY_CODE_ORDER):
                yield from self.field(member, scope, indent + "  ")
        else:
            yield f"{indent}{field.name} :group{annotations} {{{self.losses(tag)}"
            yield from self.fields(node, scope, indent + "  ")
        yield f"{indent}}}"

    # -- interfaces ---------------------------------------------------------------------------------------------------

    def interface(self, node: Node, body: InterfaceNode, head: str, indent: str) -> Iterator[str]:
        """Return an interface."""
        parents = ", ".join(self.names.node(parent.id, parent.brand, node) for parent in body.superclasses)
        extends = f" extends({parents})" if parents else ""
        yield f"{head}{extends}{self.annotations(node.annotations, node)} {{{self.losses()}"
        for number, method in sorted(enumerate(body.methods), key=lambda entry: entry[1].code_order):
            parameters = f" [{', '.join(method.implicit_parameters)}]" if method.implicit_parameters else ""
            given = self.parameters(method, node, results=False)
            result = self.parameters(method, node, results=True)
            annotations = self.annotations(method.annotations, node)
            yield f"{indent}  {method.name} @{number}{parameters} {given} -> {result}{annotations};{self.losses()}"
        yield from self.nested(node, indent + "  ")
        yield f"{indent}}}"

    def parameters(self, method: Method, scope: Node, *, results: bool) -> str:
        """Return the parameters or results of a method: a list, or the name of a struct."""
        struct_id = method.result_struct_type if results else method.param_struct_type
        if results and struct_id == STREAM_RESULT_ID:
            return "stream"
        node = self.registry.get(struct_id)
        if node.scope_id or not isinstance(node.body, StructNode):
            return self.names.node(struct_id, method.result_brand if results else method.param_brand, scope, method)
        parts: list[str] = []
        for field in sorted(node.body.fields, key=_BY_CODE_ORDER):
            assert isinstance(field.body, Slot)
            parts.append(self.slot(field, field.body, scope, numbered=False, method=method))
        return f"({', '.join(parts)})"

    # -- parts --------------------------------------------------------------------------------------------------------

    def annotations(self, annotations: Sequence[Annotation], scope: Node) -> str:
        """Return annotations as they stand behind what they annotate."""
        texts = [self.names.annotation(annotation, scope) for annotation in annotations]
        return "".join(" " + text for text in texts if text)

    def losses(self, comment: str = "") -> str:
        """Return the comment at the end of a line, with a word about values that no literal can write."""
        if self.names.literals.forget_losses():
            comment = f"{comment}; " * bool(comment) + "a value of type AnyPointer has no literal and is left out"
        return f"  # {comment}" if comment else ""


def _targets(targets: AnnotationTargets) -> str:
    if targets == AnnotationTargets.ALL:
        return "*"
    single = (target for target in AnnotationTargets.__members__.values() if target and target != AnnotationTargets.ALL)
    return ", ".join(str(target.name).lower() for target in single if targets & target)


def _tag(body: StructNode) -> str:
    start = body.discriminant_offset * 16
    return f"tag bits [{start}, {start + 16})"


def _place(slot: Slot) -> str:
    width = DATA_BITS.get(slot.type.kind)
    return f"ptr[{slot.offset}]" if width is None else f"bits[{slot.offset * width}, {(slot.offset + 1) * width})"
