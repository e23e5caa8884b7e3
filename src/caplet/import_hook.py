"""The import hook: `import x_capnp` finds the schema file `x.capnp`, in folders, in the folders of packages, and in zip files.

Knows how Python looks for modules. Does not know how a file becomes a module (`loading.py`).
"""

from __future__ import annotations

import importlib.util
import pkgutil
import sys
import zipimport
from importlib.abc import Loader
from pathlib import Path
from typing import TYPE_CHECKING

from caplet.loading import load

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from importlib.resources.abc import Traversable
    from types import ModuleType

__all__ = ["install_import_hook"]


class _SchemaFinder:
    """Finds `x_capnp` as `x.capnp` beside other modules; an underscore may stand for a hyphen."""

    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where the module is, None when there is no such schema file."""
        name = fullname.rpartition(".")[2]
        if not name.endswith("_capnp"):
            return None
        stem = name.removesuffix("_capnp")
        for entry in path if path is not None else sys.path:
            folder = _folder(entry)
            if folder is None:
                continue
            for candidate in (stem, stem.replace("_", "-")):
                file = folder.joinpath(f"{candidate}.capnp")
                if file.is_file():
                    return importlib.util.spec_from_loader(fullname, _SchemaLoader(file), origin=str(file))
        return None


def _folder(entry: str) -> Path | Traversable | None:
    """Return what an entry of `sys.path` leads to: a folder, or a place in a zip file; None for something else."""
    folder = Path(entry or ".")
    if folder.is_dir():
        return folder
    importer = pkgutil.get_importer(entry)
    if isinstance(importer, zipimport.zipimporter):
        import zipfile

        return zipfile.Path(importer.archive, importer.prefix.replace("\\", "/"))
    return None


class _SchemaLoader(Loader):
    """Loads one schema file as a module.

    Args:
        file: the file.
    """

    def __init__(self, file: Path | Traversable) -> None:
        self._file = file

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the loaded file."""
        folders = [_folder(entry) for entry in sys.path if entry]
        module: ModuleType = load(self._file, [folder for folder in folders if folder is not None])
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do."""


def install_import_hook() -> None:
    """Let `import calculator_capnp` load `calculator.capnp` from the folders, packages and zip files in which Python looks for modules."""
    if _SchemaFinder not in sys.meta_path:
        sys.meta_path.append(_SchemaFinder)
