"""Write the typed modules of the standard schemas, `caplet.std.…_capnp`; run it after a change to a schema or to how stubs are made."""

from __future__ import annotations

from pathlib import Path

import caplet
from caplet.codegen.module_names import STANDARD_MODULES
from caplet.codegen.stubs import stub_text
from caplet.compiler import compile_files
from caplet.compiler.imports import STANDARD_FILES

STD = Path(caplet.__file__).parent / "std"
MODULE = """\
# Types of the schema file {name!a}; made by scripts/standard_modules.py, changes to them are lost.

from caplet import open_module as _open_module

__getattr__, __dir__ = _open_module(globals(), {file_id:#018x}, {imports!r}, {path!r})
"""


def texts() -> dict[str, str]:
    """Return the modules and their types, by the names of their files."""
    names = {str(STD / file): path for path, file in STANDARD_FILES.items()}
    request = compile_files(list(names), display_names=names).request
    found: dict[str, str] = {}
    for file in request.requested_files:
        name = STANDARD_MODULES[file.id].rpartition(".")[2]
        imports = sorted({STANDARD_MODULES[imported.id] for imported in file.imports})
        title = file.filename.rpartition("/")[2]
        found[f"{name}.py"] = MODULE.format(name=title, file_id=file.id, imports=imports, path=file.filename)
        found[f"{name}.pyi"] = stub_text(request, file)
    return found


if __name__ == "__main__":
    for file_name, text in texts().items():
        (STD / file_name).write_text(text, encoding="utf-8")
