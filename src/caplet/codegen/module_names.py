"""What generated modules are called, and which ones a schema file's module imports.

Knows paths of schema files and names of modules. Does not know what is in them.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caplet.schema.model import CodeGeneratorRequest, RequestedFile

__all__ = ["STANDARD_MODULES", "ImportedModule", "imported_modules", "module_path"]


@dataclass(frozen=True)
class ImportedModule:
    """A module that another one imports.

    Args:
        file_id: the id of its schema file.
        path: its path from the output directory, without a suffix.
        importer: the path of the module that imports it.
    """

    file_id: int
    path: str
    importer: str

    @property
    def name(self) -> str:
        """Its dotted name from the output directory."""
        return self.path.replace("/", ".")

    def import_name(self, relative: bool) -> str:
        """Return the name by which it is imported.

        Args:
            relative: whether with leading dots, from the importing module.
        """
        return "." * (self.importer.count("/") + 1) + self.name if relative else self.name

    def statement(self, relative: bool, alias: str) -> str:
        """Return the import statement that gives it the name `alias`."""
        name = self.import_name(relative)
        package, dot, last = name.rpartition(".")
        if not dot:
            return f"import {name} as {alias}"
        return (
            f"from {package or '.'} import {last} as {alias}"
            if package.strip(".")
            else f"from {package + dot} import {last} as {alias}"
        )


def module_path(filename: str) -> str:
    """Return the path of a schema file's module, without a suffix: `a/b-c.capnp` becomes `a/b_c_capnp`."""
    stem = posixpath.normpath(filename).lstrip("/").removesuffix(".capnp")
    return f"{stem.replace('-', '_').replace('+', 'x').replace(' ', '_')}_capnp"


# The typed modules of the standard schemas, which are a part of Caplet, by the ids of their files; made by scripts/standard_modules.py.
STANDARD_MODULES = {
    0xBDF87D7BB8304E81: "caplet.std.cxx_capnp",
    0xB8630836983FEED7: "caplet.std.persistent_capnp",
    0xAE8D4C1F60B7A253: "caplet.std.python_capnp",
    0xB312981B2552A250: "caplet.std.rpc_capnp",
    0xA184C7885CDAF2A1: "caplet.std.rpc_twoparty_capnp",
    0xA93FC509624C72D9: "caplet.std.schema_capnp",
    0x86C366A91393F3F8: "caplet.std.stream_capnp",
    0x8F5D14E1C273738D: "caplet.std.byte_stream_capnp",
    0x8EF99297A43A5E34: "caplet.std.json_capnp",
    0xC410EE251E5989F0: "caplet.std.call_metadata_capnp",
}


def imported_modules(request: CodeGeneratorRequest, file: RequestedFile) -> list[ImportedModule]:
    """Return the modules of the files that a file imports, the standard schemas excepted.

    Args:
        request: the schemas.
        file: the importing file.
    """
    requested = {other.id: other.filename for other in request.requested_files}
    found: dict[int, ImportedModule] = {}
    for imported in file.imports:
        if imported.name.startswith("/capnp/") or imported.id in STANDARD_MODULES or imported.id == file.id:
            continue
        name = requested.get(imported.id)
        if name is None:
            if imported.name.startswith("/"):
                name = imported.name[1:]
            else:
                name = posixpath.normpath(posixpath.join(posixpath.dirname(file.filename), imported.name))
        if not name.startswith("../"):
            found.setdefault(imported.id, ImportedModule(imported.id, module_path(name), module_path(file.filename)))
    return list(found.values())
