"""Python modules of schema files: `x_capnp.py` with the schema inside, `x_capnp.pyi` with its types.

Knows which files are written, what they are called and how they import each other. The types are written by `stubs.py`; the module's classes are
made by `caplet.load` when they are first used, without the compiler.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from caplet.codegen.module_names import imported_modules, module_path
from caplet.codegen.stubs import stub_text
from caplet.errors import CapletError
from caplet.schema.codec import decode_request, flat_request, text_of_flat
from caplet.schema.model import CodeGeneratorRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.schema.model import RequestedFile

__all__ = ["build_modules", "main", "module_text", "write_modules"]

_LINE = 110


def write_modules(request: CodeGeneratorRequest, directory: str | Path = ".") -> list[Path]:
    """Write a module and its types for each requested file.

    Args:
        request: the schemas.
        directory: where the files go; a schema file of a folder goes into a folder of the same name. When it has an `__init__.py`, the modules import
            each other relatively.

    Returns:
        The files that were written.
    """
    root = Path(directory)
    relative = (root / "__init__.py").exists()
    written: list[Path] = []
    for file in request.requested_files:
        base = root / module_path(file.filename)
        base.parent.mkdir(parents=True, exist_ok=True)
        for suffix, text in (
            (".py", module_text(request, file, relative)),
            (".pyi", stub_text(request, file, relative)),
        ):
            target = base.with_name(base.name + suffix)
            target.write_text(text, encoding="utf-8")
            written.append(target)
    return written


def build_modules(directory: str | Path, import_path: Sequence[str | Path] = ()) -> list[Path]:
    """Compile every schema file of a folder, and of the folders in it, into modules beside it; for build scripts.

    Args:
        directory: the folder.
        import_path: folders in which absolute imports are looked for.

    Returns:
        The files that were written.

    Raises:
        CompileError: a schema does not compile.
    """
    from caplet.compiler import compile_files

    root = Path(directory)
    names = {str(file): file.relative_to(root).as_posix() for file in sorted(root.rglob("*.capnp"))}
    if not names:
        return []
    return write_modules(compile_files(list(names), list(import_path), display_names=names).request, root)


def module_text(request: CodeGeneratorRequest, file: RequestedFile, relative: bool = False) -> str:
    """Return the module of one requested file.

    Args:
        request: the schemas.
        file: the file.
        relative: whether the modules are in a package and import each other relatively.
    """
    blob = text_of_flat(flat_request(CodeGeneratorRequest(request.nodes, (file,), request.source_info)))
    lines = [blob[start : start + _LINE] for start in range(0, len(blob), _LINE)]
    imports = [module.import_name(relative) for module in imported_modules(request, file)]
    quoted = "\n".join(f'    b"{line}"' for line in lines)
    return (
        # The name is written as a literal, so that no name of a file can be code.
        f"# Types of the schema file {Path(file.filename).name!a}; made by Caplet, changes to them are lost.\n\n"
        "from caplet import open_module as _open_module\n\n"
        "__getattr__, __dir__ = _open_module(\n"
        f"    globals(),\n    {file.id:#018x},\n    {imports!r},\n{quoted},\n)\n"
    )


def main() -> int:
    """Be a plugin of the original compiler: read a request from the standard input and write modules into the working directory.

    Returns:
        The exit code.
    """
    try:
        write_modules(decode_request(sys.stdin.buffer.read()))
    except (CapletError, OSError) as error:
        sys.stderr.write(f"capnpc-caplet: {error}\n")
        return 1
    return 0
