"""From files or texts to a registry of nodes: the compiler's entry points.

Knows in which order things are done and which nodes belong to a request. The work itself is done in the modules around
this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from caplet.compiler.imports import Importer, SchemaFile, memory_file
from caplet.compiler.modules import Module, World
from caplet.compiler.scope import Scope
from caplet.compiler.translate import STREAM_FILE, Translator
from caplet.compiler.tree import (
    AnnotationUse,
    Application,
    Declaration,
    DeclarationKind,
    Expression,
    ImportPath,
    Index,
    ListLiteral,
    Member,
    ParamList,
    Tuple,
)
from caplet.errors import CompileError, Diagnostic
from caplet.schema.model import (
    CapnpVersion,
    CodeGeneratorRequest,
    Identifier,
    Import,
    Node,
    RequestedFile,
    SourceInfo,
)
from caplet.schema.records import record
from caplet.schema.references import dependency_ids, mentioned_ids
from caplet.schema.registry import Registry

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["LANGUAGE_VERSION", "Compilation", "CompiledFile", "compile_file", "compile_files", "compile_text"]

LANGUAGE_VERSION: Final = CapnpVersion(1, 0, 0)
"""The release of the original compiler whose language this one understands, as told to code generators."""


@record
class CompiledFile:
    """A file that was compiled.

    Args:
        id: the id of the file's node.
        filename: the display name of the file.
        imports: the files that it imports, by the names in its text.
        identifiers: what the names in its text refer to.
        registry: all nodes of the compilation; those of imported files that nothing needs are compiled when asked for.
    """

    id: int
    filename: str
    imports: tuple[Import, ...]
    identifiers: tuple[Identifier, ...]
    registry: Registry

    @property
    def node(self) -> Node:
        """The node of the file."""
        return self.registry.get(self.id)


@record
class Compilation:
    """What a compilation gave: the files that were asked for, and the nodes that belong to them.

    `nodes` are those of the files and everything they refer to, with the scopes around those; `source_info` is in the
    same order.
    """

    files: tuple[CompiledFile, ...]
    registry: Registry
    nodes: tuple[Node, ...]
    source_info: tuple[SourceInfo, ...]

    @property
    def requested_files(self) -> tuple[RequestedFile, ...]:
        """The files as a code generator wants them."""
        return tuple(RequestedFile(file.id, file.filename, file.imports, file.identifiers) for file in self.files)

    @property
    def request(self) -> CodeGeneratorRequest:
        """Everything, as a code generator reads it."""
        return CodeGeneratorRequest(self.nodes, self.requested_files, self.source_info, LANGUAGE_VERSION)


def compile_file(
    path: str | Path | Traversable,
    import_path: Iterable[str | Path | Traversable] = (),
    *,
    standard_import: bool = True,
    display_name: str | None = None,
    require_id: bool = True,
) -> CompiledFile:
    """Compiles a schema file and what it imports.

    Args:
        path: the file, relative to the working directory or absolute; or a package resource.
        import_path: directories for imports that begin with `/`, looked up before the standard places.
        standard_import: whether the standard schemas and the system's include directories can be imported.
        display_name: the name of the file in the schema; by default the path.
        require_id: whether a file without an id is an error.

    Raises:
        CompileError: with everything that is wrong in the file, and in what it needs of other files.
    """
    names = {str(path): display_name} if display_name is not None else {}
    return compile_files(
        [path], import_path, standard_import=standard_import, display_names=names, require_id=require_id
    ).files[0]


def compile_files(
    paths: Sequence[str | Path | Traversable],
    import_path: Iterable[str | Path | Traversable] = (),
    *,
    standard_import: bool = True,
    display_names: Mapping[str, str] | None = None,
    require_id: bool = True,
) -> Compilation:
    """Compiles several schema files together.

    Args:
        paths: the files, relative to the working directory or absolute.
        import_path: as for `compile_file`.
        standard_import: as for `compile_file`.
        display_names: the names of files in the schema, by path as given; by default the paths.
        require_id: as for `compile_file`.

    Raises:
        CompileError: with everything that is wrong.
    """
    importer = Importer(import_path, standard_import)
    files: list[SchemaFile] = []
    missing: list[Diagnostic] = []
    for path in paths:
        file = importer.open(path, (display_names or {}).get(str(path)))
        if file is None:
            missing.append(Diagnostic(str(path), 0, 0, 0, "there is no such file"))
        else:
            files.append(file)
    if missing:
        raise CompileError(missing)
    return _compile(importer, files, require_id)


def compile_text(
    text: str | bytes,
    name: str = "schema.capnp",
    import_path: Iterable[str | Path | Traversable] = (),
    *,
    files: Mapping[str, str | bytes] | None = None,
    standard_import: bool = True,
    require_id: bool = False,
) -> CompiledFile:
    """Compiles a schema text.

    Args:
        text: the schema.
        name: the name of the file in the schema and in diagnostics.
        import_path: as for `compile_file`.
        files: other texts, by name, that can be imported relative to this one.
        standard_import: as for `compile_file`.
        require_id: whether a text without an id is an error; otherwise one is made from `name`.

    Raises:
        CompileError: with everything that is wrong.
    """
    contents = {key: _as_bytes(value) for key, value in (files or {}).items()}
    contents[name] = _as_bytes(text)
    importer = Importer(import_path, standard_import)
    return _compile(importer, [memory_file(name, contents)], require_id).files[0]


def _as_bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")


def _compile(importer: Importer, files: Sequence[SchemaFile], require_ids: bool) -> Compilation:
    world = World(importer, require_ids)
    translator = Translator(world)
    closure = _Closure(translator)
    modules: list[Module] = []
    imports: list[tuple[Import, ...]] = []
    try:
        modules += [module for module in map(world.load, files) if module is not None]
        for module in modules:
            closure.add(module.root, True)
        imports += [_imports(module) for module in modules]
    except RecursionError:
        world.reporter.add(_too_deep(files[0]))
    world.reporter.raise_if_failed()
    nodes = closure.nodes
    registry = _registry(translator, nodes)
    compiled = tuple(
        CompiledFile(module.root.id, module.file.display_name, table, module.identifiers(), registry)
        for module, table in zip(modules, imports, strict=True)
    )
    infos = (translator.source_info.get(node_id) for node_id in nodes)
    return Compilation(compiled, registry, tuple(nodes.values()), tuple(info for info in infos if info is not None))


def _too_deep(file: SchemaFile) -> Diagnostic:
    return Diagnostic(file.shown, 0, 0, 0, "declarations depend on each other too deeply; shorten the chain")


def _registry(translator: Translator, nodes: Mapping[int, Node]) -> Registry:
    """Makes the registry: the nodes that are needed, and those of imported files for later."""
    registry = Registry(nodes.values())
    world = translator.world
    for module in world.modules.values():
        if module is not None:
            registry.add_file(module.file.display_name, module.root.id)
    for info in translator.source_info.values():
        registry.add_source_info(info)
    for scope in world.scopes.values():
        if scope.id not in nodes:
            registry.add_lazy(scope.id, _later(translator, registry, scope))
    return registry


def _later(translator: Translator, registry: Registry, scope: Scope) -> Callable[[], Node]:
    """Returns a function that compiles a declaration of an imported file, with all that it needs."""

    def make() -> Node:
        closure = _Closure(translator)
        reporter = translator.world.reporter
        try:
            closure.add(scope, False)
        except RecursionError:
            reporter.add(_too_deep(scope.module.file))
        reporter.raise_if_failed()
        nodes = closure.nodes
        for node in nodes.values():
            if node.id != scope.id:
                registry.put(node)
            info = translator.source_info.get(node.id)
            if info is not None:
                registry.add_source_info(info)
        return nodes[scope.id]

    return make


# -- what belongs to a request ------------------------------------------------------------------------------------------


class _Closure:
    """Collects nodes with everything they refer to, and the scopes around all of that.

    The order is the one in which the C++ compiler writes them: depth first, a node behind the types that it mentions
    itself. The walk keeps its own stack, so that long chains of declarations cost no recursion.
    """

    __slots__ = ("_found", "_order", "_seen", "translator")

    def __init__(self, translator: Translator) -> None:
        self.translator = translator
        self._found: dict[int, Node] = {}
        self._order: dict[int, None] = {}
        self._seen: dict[int, bool] = {}

    @property
    def nodes(self) -> dict[int, Node]:
        """The nodes by id, in order."""
        return {node_id: self._found[node_id] for node_id in self._order if node_id in self._found}

    def add(self, scope: Scope, whole: bool) -> None:
        """Adds a scope, what it refers to and the scopes around it; with `whole` also everything declared inside."""
        stack = [self.visit(scope, whole)]
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
            else:
                stack.append(self.visit(*following))

    def visit(self, scope: Scope, whole: bool) -> Iterator[tuple[Scope, bool]]:
        """Adds the nodes of one scope; gives the scopes to visit then."""
        seen = self._seen.get(scope.id)
        if seen or (seen is False and not whole):
            return
        self._seen[scope.id] = whole
        main, *more = self.translator.nodes(scope)
        for node in (*more, main):
            for mentioned in mentioned_ids(node):
                self._order.setdefault(mentioned)
            self._order.setdefault(node.id)
            self._found[node.id] = node
        for node in (main, *more):
            for dependency in dependency_ids(node):
                target = self.translator.world.scopes.get(dependency)
                if target is not None:
                    yield target, False
        if scope.parent is not None:
            yield scope.parent, False
        if whole:
            for child in scope.nested:
                yield child, True


# -- the table of imports -----------------------------------------------------------------------------------------------


def _imports(module: Module) -> tuple[Import, ...]:
    """The files whose declarations a file uses (not only values, which are in its own nodes), sorted by name."""
    paths = sorted(set(_declaration_imports(module.root.declaration)), key=str.encode)
    found = ((path, module.imports.get(path)) for path in paths)
    return tuple(Import(imported.root.id, path) for path, imported in found if imported is not None)


def _declaration_imports(declaration: Declaration) -> Iterator[str]:
    if declaration.kind == DeclarationKind.USING:
        yield from _expression_imports(declaration.target)
    elif declaration.kind in (DeclarationKind.CONST, DeclarationKind.FIELD, DeclarationKind.ANNOTATION):
        yield from _expression_imports(declaration.type)
    for superclass in declaration.superclasses:
        yield from _expression_imports(superclass)
    yield from _param_imports(declaration.params)
    yield from _param_imports(declaration.results)
    yield from _annotation_imports(declaration.annotations)
    for nested in declaration.nested:
        yield from _declaration_imports(nested)


def _param_imports(params: ParamList | None) -> Iterator[str]:
    if params is None:
        return
    if params.stream:
        yield STREAM_FILE
    yield from _expression_imports(params.type)
    for param in params.params or ():
        yield from _expression_imports(param.type)
        yield from _annotation_imports(param.annotations)


def _annotation_imports(uses: Iterable[AnnotationUse]) -> Iterator[str]:
    for use in uses:
        yield from _expression_imports(use.name)


def _expression_imports(expression: Expression | None) -> Iterator[str]:
    if isinstance(expression, ImportPath):
        yield expression.path
    elif isinstance(expression, (Member, Index)):
        yield from _expression_imports(expression.parent)
    elif isinstance(expression, Application):
        yield from _expression_imports(expression.function)
        for item in expression.items:
            yield from _expression_imports(item.value)
    elif isinstance(expression, ListLiteral):
        for element in expression.items:
            yield from _expression_imports(element)
    elif isinstance(expression, Tuple):
        for item in expression.items:
            yield from _expression_imports(item.value)
