"""The files of one compilation: each is read, parsed and declared once.

Knows files, scopes by id and imports between files; it does not translate declarations.
"""

from __future__ import annotations

from caplet.compiler.checks import check_names
from caplet.compiler.diagnostics import Reporter
from caplet.compiler.imports import Importer, SchemaFile
from caplet.compiler.parser import parse
from caplet.compiler.scope import Alias, Scope
from caplet.compiler.source import Source, decode_source
from caplet.compiler.tree import Declaration, DeclarationKind, Embed, ImportPath
from caplet.errors import Diagnostic
from caplet.schema.ids import child_id, random_id
from caplet.schema.model import Identifier

__all__ = ["Module", "World"]

_NODE_KINDS = {
    DeclarationKind.CONST,
    DeclarationKind.ENUM,
    DeclarationKind.STRUCT,
    DeclarationKind.INTERFACE,
    DeclarationKind.ANNOTATION,
}


class Module:
    """A schema file that was read."""

    __slots__ = ("file", "imports", "root", "source", "uses", "world")

    root: Scope

    def __init__(self, world: World, file: SchemaFile, source: Source) -> None:
        self.world = world
        self.file = file
        self.source = source
        self.imports: dict[str, Module | None] = {}
        self.uses: dict[tuple[int, int], tuple[int, int | None]] = {}

    def note_use(self, start: int, end: int, node_id: int, ordinal: int | None = None) -> None:
        """Takes note of what a name in the text refers to: a declaration, or one of its members."""
        self.uses[start, end] = (node_id, ordinal)

    def identifiers(self) -> tuple[Identifier, ...]:
        """Returns what the names in the text refer to, in the order of the text."""
        offset = self.source.byte_offset
        return tuple(
            Identifier(offset(start), offset(end), node_id, ordinal)
            for (start, end), (node_id, ordinal) in sorted(self.uses.items())
        )

    def error(self, start: int, end: int, message: str) -> None:
        """Reports a problem in this file."""
        self.world.reporter.error(self.source, start, end, message)

    def import_module(self, expression: ImportPath) -> Module | None:
        """Returns the file that an import names, or None after reporting that there is none."""
        path = expression.path
        if path not in self.imports:
            self.imports[path] = None
            file = self.world.importer.find(self.file, path)
            if file is None:
                places = self.world.importer.places(self.file, path)
                self.error(expression.path_start, expression.end, f'there is no file "{path}" to import; {places}')
            else:
                self.imports[path] = self.world.load(file)
        return self.imports[path]

    def standard_module(self, path: str, start: int, end: int) -> Module | None:
        """Returns a file that the language itself imports."""
        return self.import_module(ImportPath(start, end, path, start))

    def read_embed(self, expression: Embed) -> bytes | None:
        """Returns the content of an embedded file, or None after reporting that it cannot be read."""
        file = self.world.importer.find(self.file, expression.path)
        if file is not None:
            try:
                return file.read()
            except OSError as error:
                self.error(expression.path_start, expression.end, f'cannot read "{expression.path}": {error.strerror}')
                return None
        places = self.world.importer.places(self.file, expression.path)
        self.error(expression.path_start, expression.end, f'there is no file "{expression.path}" to embed; {places}')
        return None


class World:
    """Everything that one compilation has read."""

    __slots__ = ("copied_bytes", "importer", "modules", "reporter", "require_ids", "scopes")

    def __init__(self, importer: Importer, require_ids: bool = True) -> None:
        self.importer = importer
        self.reporter = Reporter()
        self.require_ids = require_ids
        self.modules: dict[str, Module | None] = {}
        self.scopes: dict[int, Scope] = {}
        self.copied_bytes = 0

    def load(self, file: SchemaFile) -> Module | None:
        """Reads, parses and declares a file, unless that was done; None when it cannot be read."""
        if file.key not in self.modules:
            self.modules[file.key] = None
            module = self.read(file)
            self.modules[file.key] = module
            if module is not None and not hasattr(module, "root"):
                self.declare_file(module, file)
        return self.modules[file.key]

    def read(self, file: SchemaFile) -> Module | None:
        """Reads a file; one with the same content as another that was read is that other one."""
        try:
            data = file.read()
        except OSError as error:
            self.reporter.add(Diagnostic(file.shown, 0, 0, 0, f"cannot read the file: {error.strerror}"))
            return None
        source, problem = decode_source(file.shown, data)
        if problem is not None:
            self.reporter.add(problem)
        if source is None:
            return None
        for module in self.modules.values():
            if module is not None and module.source.text == source.text and module.root.declaration.uid is not None:
                return module
        return Module(self, file, source)

    def declare_file(self, module: Module, file: SchemaFile) -> None:
        declaration = parse(module.source, self.reporter)
        if declaration.uid is not None:
            file_id = declaration.uid.value
        elif self.require_ids:
            file_id = random_id()
            self.reporter.error(
                module.source, 0, 0, f"the file has no id; add this line, made for it, to the file: @{file_id:#018x};"
            )
        else:
            file_id = child_id(0, file.display_name)
        module.root = Scope(module, declaration, None, self.claim(module, declaration, file_id))
        self.scopes[module.root.id] = module.root
        check_names(module, declaration)
        self.declare_children(module.root)

    def declare_children(self, scope: Scope) -> None:
        """Makes the scopes and aliases directly inside a scope, and those inside them."""
        for declaration in scope.declaration.nested:
            name = declaration.name.text
            if declaration.kind == DeclarationKind.USING:
                scope.children.setdefault(name, Alias(declaration, scope))
            elif declaration.kind in _NODE_KINDS:
                wanted = declaration.uid.value if declaration.uid is not None else child_id(scope.id, name)
                child = Scope(scope.module, declaration, scope, self.claim(scope.module, declaration, wanted))
                self.scopes[child.id] = child
                scope.children.setdefault(name, child)
                scope.nested.append(child)
                self.declare_children(child)

    def claim(self, module: Module, declaration: Declaration, wanted: int) -> int:
        """Returns an id that nothing has; reports when the wanted one is taken."""
        other = self.scopes.get(wanted)
        if other is None:
            return wanted
        place = declaration.uid or declaration.name
        line, column = other.module.source.location((other.declaration.uid or other.declaration.name).start)
        module.error(
            place.start,
            place.end,
            f"the id @{wanted:#018x} is used already, by {other.display_name} at {other.module.source.filename}:{line}:{column}; "
            "give one of the two another id (`caplet id` makes one)",
        )
        while wanted in self.scopes:
            wanted = random_id()
        return wanted
