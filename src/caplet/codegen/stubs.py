"""The types of a generated module: `x_capnp.pyi`.

Knows how each declaration looks to a type checker. All classes stand at the top level, named by their path with underscores, which no schema name has, so
that fields never hide a type; `Person.Builder` and nested types are aliases of them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from caplet.codegen.module_names import STANDARD_MODULES, imported_modules
from caplet.codegen.stub_types import TypeNames
from caplet.runtime.names import (
    CALL_NAMES,
    STRUCT_NAMES,
    avoid,
    context_name,
    declared_name,
    enumerant_names,
    field_names,
    method_names,
)
from caplet.schema.ids import STREAM_RESULT_ID
from caplet.schema.model import (
    AnnotationNode,
    ConstNode,
    EnumNode,
    Group,
    InterfaceNode,
    InterfaceType,
    ListType,
    StructNode,
    StructType,
)
from caplet.schema.registry import Registry
from caplet.schema.type_sizes import is_pointer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.schema.model import CodeGeneratorRequest, Field, Method, Node, RequestedFile

__all__ = ["stub_text"]

_HEAD = "# Types of the schema file {name!a}; made by Caplet, changes to them are lost.\n"
_MODULES = {"_b": "builtins", "_c": "collections.abc", "_y": "typing", "_t": "caplet.codegen.typed"}
_VARIABLE = "  # pyright: ignore[reportIncompatibleVariableOverride]"
_LOOSE = ("  # type: ignore[override]", "  # pyright: ignore")


def stub_text(request: CodeGeneratorRequest, file: RequestedFile, relative: bool = False) -> str:
    """Return the types of one requested file's module.

    Args:
        request: the schemas.
        file: the file.
        relative: whether the modules are in a package and import each other relatively.
    """
    return StubWriter(request, file, relative).text()


class StubWriter:
    """Writes the stub of one file; see `stub_text`."""

    def __init__(self, request: CodeGeneratorRequest, file: RequestedFile, relative: bool) -> None:
        self.registry = Registry(request.nodes)
        self.infos = {info.id: info for info in request.source_info}
        self.file = file
        self.lines: list[str] = []
        modules = imported_modules(request, file)
        self.aliases = {module.file_id: f"_m{number}" for number, module in enumerate(modules)}
        self.imports = [module.statement(relative, self.aliases[module.file_id]) for module in modules]
        self.modules = dict(_MODULES)
        for file_id, module_name in STANDARD_MODULES.items():
            if file_id != file.id and file_id in self.registry and file_id not in self.aliases:
                alias = self.aliases[file_id] = f"_s_{module_name.rpartition('.')[2]}"
                self.modules[alias] = module_name
        owners = {
            struct: node
            for node in request.nodes
            if isinstance(node.body, InterfaceNode)
            for method in node.body.methods
            for struct in (method.param_struct_type, method.result_struct_type)
        }
        self.types = TypeNames(self.registry, file.id, self.aliases, owners)
        self.own = [node for node in request.nodes if self.types.file_of(node) == file.id]
        self.types.shadowed = shadowed_names(self.own, file.id)

    def text(self) -> str:
        """Return the whole stub."""
        self.lines = [f"_T_{name}: _y.TypeAlias = {name}" for name in sorted(self.types.shadowed)]
        for node in self.own:
            for number, name in enumerate(node.parameters):
                variables = [self.types.variable(node.id, number)]
                if isinstance(node.body, InterfaceNode):
                    variables.append(self.types.variable_of_server(node.id, number))
                self.lines += [f'{variable} = _y.TypeVar("{variable}")  # {name}' for variable in variables]
        for node in self.own:
            if isinstance(node.body, StructNode):
                self.struct(node, node.body)
            elif isinstance(node.body, EnumNode):
                self.enum(node, node.body)
            elif isinstance(node.body, InterfaceNode):
                self.interface(node, node.body)
            elif isinstance(node.body, ConstNode | AnnotationNode) and node.scope_id == self.file.id:
                self.lines.append(f"{declared_name(node)}: _y.Final[{self.value(node.body)}]")
        body = "\n".join(self.lines) + "\n"
        # Most files import a standard schema for an annotation, whose type nobody needs.
        used = set(re.findall(r"(?<!\w)_[a-z]\w*(?=\.)", body))
        needed = [f"import {module} as {alias}" for alias, module in self.modules.items() if alias in used]
        return "\n".join([_HEAD.format(name=self.file.filename.rpartition("/")[2]), *needed, *self.imports, "", body])

    def value(self, body: ConstNode | AnnotationNode) -> str:
        """Return the type of a constant, or of the declaration of an annotation."""
        type_ = self.types.read(body.type, False)
        return type_ if isinstance(body, ConstNode) else f"_t.AnnotationSchema[{type_}]"

    def docs(self, node: Node, members: Sequence[Field | Method]) -> dict[str, str]:
        """Return the comments of the members of a node by name, and of the node itself by an empty one, as literals."""
        info = self.infos.get(node.id)
        if info is None:
            return {}
        # As a literal, so that no comment can be code.
        found = {
            "": info.doc_comment,
            **{member.name: doc.doc_comment for member, doc in zip(members, info.members, strict=False)},
        }
        return {name: ascii(doc.rstrip("\n")) for name, doc in found.items() if doc}

    def class_(self, name: str, bases: list[str], body: list[str], doc: str | None = None) -> None:
        """Write one class."""
        self.lines.append(f"\nclass {name}({', '.join(bases)}):")
        if doc is not None:
            self.lines.append(f"    {doc}")
        self.lines.extend(f"    {line}" for line in body or ["..."])

    # --- structs ------------------------------------------------------------------------------------------------------------------------

    def struct(self, node: Node, body: StructNode) -> None:
        """Write the reader, builder, mapping and pipeline of a struct or group."""
        name, here = self.types.flat(node), self.types.own_reference(node)
        builder = self.types.own_reference(node, "_Builder")
        generic = self.types.generic_base(node)
        fields = sorted(body.fields, key=lambda field: field.code_order)
        names = field_names(fields)
        taken = {*STRUCT_NAMES, *names.values()}
        inputs = {field.name: self.field_input(field) for field in fields}
        made = [f"{names[field.name]}: {inputs[field.name]} = ..." for field in fields]
        reader = [
            *self.nested(node, taken),
            f"Builder: _y.TypeAlias = {self.types.open_reference(node, '_Builder')}",
            f"def __new__(_cls, /{''.join(', ' + entry for entry in made)}) -> {builder}: ...  # pyright: ignore[reportInconsistentConstructor]",
            f"def as_reader(self) -> {here}: ...",
            f"def as_builder(self) -> {builder}: ...",
            f"def copy(self, /, **changes: _b.object) -> {here}: ...",
            "@_b.classmethod",
            f"def from_dict(cls, values: _c.Mapping[_b.str, _b.object]) -> {builder}: ...",
            "@_b.classmethod",
            f"def from_text(cls, text: _b.str) -> {builder}: ...",
            "@_b.classmethod",
            f"def from_json(cls, text: _b.str | _b.bytes) -> {builder}: ...",
            "def to_dict(self) -> _b.dict[_b.str, _b.object]: ...",
        ]
        writer = [f"def as_reader(self) -> {here}: ...", f"def copy(self, /, **changes: _b.object) -> {builder}: ..."]
        members = sorted((field for field in fields if field.in_union), key=lambda field: field.discriminant_value)
        if members:
            quoted = ", ".join(f'"{names[field.name]}"' for field in members)
            reader += ["@_b.property", f"def which(self) -> _y.Literal[{quoted}]: ..."]
        pipeline: list[str] = []
        docs = self.docs(node, body.fields)
        for field in fields:
            comment = docs.get(field.name, "...")
            self.field(field, names[field.name], inputs[field.name], comment, taken, reader, writer, pipeline)
        self.class_(name, ["_t.Struct", *generic], reader, docs.get(""))
        self.class_(f"{name}_Builder", ["_t.BuilderMixin", here, *generic], writer)
        mapping = [f"{names[field.name]}: {inputs[field.name]}" for field in fields]
        self.lines.append(f"\nclass {name}_Values({', '.join(['_y.TypedDict', *generic])}, total=False):")
        self.lines.extend(f"    {line}" for line in mapping or ["..."])
        self.class_(f"{name}_Pipeline", ["_t.Pipeline", *generic], pipeline)
        self.class_(f"{name}_Call", [f"_t.Call[{here}]", self.types.own_reference(node, "_Pipeline"), *generic], [])

    def field(
        self,
        field: Field,
        name: str,
        given: str,
        comment: str,
        taken: set[str],
        reader: list[str],
        writer: list[str],
        pipeline: list[str],
    ) -> None:
        """Write one field into the classes of its struct."""
        if isinstance(field.body, Group):
            group = self.registry.get(field.body.type_id)
            read, build = self.types.own_reference(group), self.types.own_reference(group, "_Builder")
            piped: str | None = self.types.own_reference(group, "_Pipeline")
            pointer, init = False, "_Builder"
        else:
            type_ = field.body.type
            read, build = self.types.read(type_, False), self.types.read(type_, True)
            piped = self.types.pipelined(type_)
            pointer = is_pointer(type_)
            again = isinstance(type_, StructType) or "AnyPointerBuilder" in build
            init = "list" if isinstance(type_, ListType) else "object" if again else ""
        reader += ["@_b.property", f"def {name}(self) -> {read}: {comment}"]
        # What an untyped place is in a builder is no kind of what it is in a reader.
        for_mypy, for_pyright = _LOOSE if "AnyPointerBuilder" in build else ("", "")
        writer += [f"@_b.property{for_mypy}", f"def {name}(self) -> {build}: ...{for_pyright}"]
        writer += [f"@{name}.setter", f"def {name}(self, value: {given}) -> None: ..."]
        if pointer:
            reader += ["@_b.property", f"def {avoid(f'has_{name}', taken)}(self) -> _b.bool: ..."]
        if init:
            length = ", length: _b.int" if init == "list" else ""
            writer.append(f"def {avoid(f'init_{name}', taken)}(self{length}) -> {build}: ...")
        if piped is not None:
            pipeline += ["@_b.property", f"def {avoid(name, CALL_NAMES)}(self) -> {piped}: ..."]

    def field_input(self, field: Field) -> str:
        """Return what a field may be set from."""
        if isinstance(field.body, Group):
            group = self.registry.get(field.body.type_id)
            return f"{self.types.own_reference(group)} | {self.types.own_reference(group, '_Values')}"
        return self.types.given(field.body.type)

    def nested(self, node: Node, taken: set[str]) -> list[str]:
        """Return the aliases and constants for what is declared inside a type."""
        lines: list[str] = []
        for nested in node.nested_nodes:
            child = self.registry.get_or_none(nested.id)
            name = "" if child is None else declared_name(child)
            if child is None or name in taken or name == "Builder":
                continue
            if isinstance(child.body, StructNode | EnumNode | InterfaceNode):
                lines.append(f"{name}: _y.TypeAlias = {self.types.open_reference(child)}")
            elif isinstance(child.body, ConstNode | AnnotationNode):
                lines.append(f"{name}: _y.ClassVar[{self.value(child.body)}]")
        if isinstance(node.body, StructNode):
            for field in node.body.fields:
                if isinstance(field.body, Group):
                    title = field.name[:1].upper() + field.name[1:]
                    group = self.registry.get(field.body.type_id)
                    lines.append(f"{avoid(title, taken)}: _y.TypeAlias = {self.types.open_reference(group)}")
        return lines

    # --- enums, interfaces ---------------------------------------------------------------------------------------------------------------

    def enum(self, node: Node, body: EnumNode) -> None:
        """Write an enum, and the names by which its members may be given."""
        members = enumerant_names(body.enumerants)
        flat = self.types.flat(node)
        comment = self.docs(node, ()).get("")
        self.class_(flat, ["_t.Enum"], [f"{name} = {number}" for number, name in enumerate(members)], comment)
        spelled = dict.fromkeys([*(enumerant.name for enumerant in body.enumerants), *members])
        literal = f" | _y.Literal[{', '.join(repr(name) for name in spelled)}]" if spelled else ""
        self.lines.append(f"{flat}_Value: _y.TypeAlias = {flat}{literal}")

    def interface(self, node: Node, body: InterfaceNode) -> None:
        """Write the client and server class of an interface, and what each method takes and gives."""
        name, generic = self.types.flat(node), self.types.generic_base(node)
        bases = [self.types.read(InterfaceType(parent.id, parent.brand), False) for parent in body.superclasses]
        servers = [self.types.named(parent.id, parent.brand, "_Server") for parent in body.superclasses]
        client = self.nested(node, {"Server"})
        client.append(f"{self.types.server_member(node)}{_VARIABLE if bases else ''}")
        server = [f"def _this_cap(self) -> {self.types.own_reference(node)}: ..."]
        methods = sorted(body.methods, key=lambda method: method.code_order)
        names, docs = method_names(methods), self.docs(node, body.methods)
        for method in methods:
            called = names[method.name]
            taken = self.types.own_reference(node, f"_{method.name}_Method")
            client += ["@_b.property", f"def {called}(self) -> {taken}: {docs.get(method.name, '...')}"]
            server.append(self.server_method(called, method))
            server.append(self.context(node, method))
            self.method(f"{name}_{method.name}", node, method)
        self.class_(name, [*(bases or ["_t.Client"]), *generic], client, docs.get(""))
        self.class_(f"{name}_Server", [*(servers or ["_t.Server"]), *generic], server)

    def params(self, method: Method) -> list[tuple[str, Field]]:
        """Return a method's params with their names in Python."""
        body = self.registry.get(method.param_struct_type).body
        assert isinstance(body, StructNode)
        fields = sorted(body.fields, key=lambda field: field.code_order)
        names = field_names(fields)
        return [(names[field.name], field) for field in fields]

    def method(self, name: str, node: Node, method: Method) -> None:
        """Write what is called, and the request that is built in place; both again for a method whose own type parameters are bound."""
        generic, variables = self.types.generic_base(node), self.types.variables(node)
        request = self.types.own_reference(node, f"_{method.name}_Request")
        self.class_(f"{name}_Request", ["_t.Request", *generic], self.request(method))
        members = self.callable(node, method, request)
        if method.implicit_parameters:
            own = tuple(f"{name}_{parameter}_" for parameter in method.implicit_parameters)
            self.lines.extend(f'{variable} = _y.TypeVar("{variable}")' for variable in own)
            bound = f"[{', '.join([*variables, *own])}]"
            self.types.implicit = own
            self.class_(f"{name}_BoundRequest", ["_t.Request", f"_y.Generic{bound}"], self.request(method))
            self.class_(
                f"{name}_Bound",
                [f"_y.Generic{bound}"],
                self.callable(node, method, f"{name}_BoundRequest{bound}"),
            )
            self.types.implicit = ()
            types = [f"_b.type[{variable}]" for variable in own]
            given = types[0] if len(types) == 1 else f"_b.tuple[{', '.join(types)}]"
            members.append(f"def __getitem__(self, types: {given}) -> {name}_Bound{bound}: ...")
        self.class_(f"{name}_Method", generic, members)

    def answered(self, method: Method) -> str:
        """Return what a call of the method is."""
        if method.result_struct_type == STREAM_RESULT_ID:
            return "_t.Call[_t.Struct]"
        return self.types.named(method.result_struct_type, method.result_brand, "_Call")

    def request(self, method: Method) -> list[str]:
        """Return the members of a request that is built in place."""
        call = self.answered(method)
        params = self.types.named(method.param_struct_type, method.param_brand, "_Builder")
        return [f"params: {params}", f"def send(self) -> {call}: ...", f"def pipeline_only(self) -> {call}: ..."]

    def callable(self, node: Node, method: Method, request: str) -> list[str]:
        """Return the members of what is called.

        Args:
            node: the interface.
            method: the method.
            request: what `request()` returns.
        """
        given = [
            f"{python}: {self.types.substituted(self.field_input(field), method, '_t.AnyValue')} = ..."
            for python, field in self.params(method)
        ]
        return [
            f"def __call__(_self, /{''.join(', ' + entry for entry in given)}) -> {self.answered(method)}: ...",
            f"def request(self, size_hint_words: _b.int = 0) -> {request}: ...",
        ]

    def server_method(self, called: str, method: Method) -> str:
        """Return the method that a server overrides."""
        # Members of a union are left out while another one is active, so they come last and have defaults.
        params = sorted(self.params(method), key=lambda param: param[1].in_union)
        taken = "".join(
            f", {python}: {self.types.substituted(self.field_read(field), method, '_t.AnyPointer')}{' = ...' if field.in_union else ''}"
            for python, field in params
        )
        answer = "None"
        if method.result_struct_type != STREAM_RESULT_ID:
            named = [self.types.named(method.result_struct_type, method.result_brand, end) for end in ("", "_Values")]
            answer = " | ".join([*self.answers(method), *named, "None"])
        return f"def {called}(_self{taken}) -> _c.Awaitable[{answer}] | {answer}: ..."

    def context(self, node: Node, method: Method) -> str:
        """Return the name of a method's context in the server class."""
        params = self.types.named(method.param_struct_type, method.param_brand)
        results = (
            "_t.Struct"
            if method.result_struct_type == STREAM_RESULT_ID
            else self.types.named(method.result_struct_type, method.result_brand, "_Builder")
        )
        kinds = self.types.unbound(f"{params}, {results}", node)
        return f"{context_name(method.name)}: _y.TypeAlias = _t.CallContext[{kinds}]"

    def answers(self, method: Method) -> list[str]:
        """Return what a method may return beside a mapping: a tuple, and the bare value of a single result."""
        body = self.registry.get(method.result_struct_type).body
        assert isinstance(body, StructNode)
        fields = sorted(body.fields, key=lambda field: field.code_order)
        given = [self.types.substituted(self.field_input_of_results(field), method, "_t.AnyValue") for field in fields]
        found = [f"_b.tuple[{', '.join(given) or '()'}]"]
        if (
            len(fields) == 1
            and not isinstance(fields[0].body, Group)
            and not isinstance(fields[0].body.type, StructType)
        ):
            found.append(given[0])
        return found

    def field_input_of_results(self, field: Field) -> str:
        """Return what a result may be."""
        if isinstance(field.body, Group):
            return "_c.Mapping[_b.str, _b.object]"
        return self.types.given(field.body.type)

    def field_read(self, field: Field) -> str:
        """Return what a param is for a server."""
        if isinstance(field.body, Group):
            return self.types.own_reference(self.registry.get(field.body.type_id))
        return self.types.read(field.body.type, False)


def shadowed_names(nodes: Sequence[Node], file_id: int) -> frozenset[str]:
    """Return the names of types at the top level of a file that members of its classes have too."""
    types = (StructNode, EnumNode, InterfaceNode)
    top = {declared_name(node) for node in nodes if node.scope_id == file_id and isinstance(node.body, types)}
    found = {declared_name(node) for node in nodes if node.scope_id != file_id}
    for node in nodes:
        if isinstance(node.body, StructNode):
            names = field_names(node.body.fields)
            found.update(names.values())
            titles = [
                field.name[:1].upper() + field.name[1:] for field in node.body.fields if isinstance(field.body, Group)
            ]
            found.update(titles)
        elif isinstance(node.body, InterfaceNode):
            found.update(method_names(node.body.methods).values())
    return frozenset(top & found)
