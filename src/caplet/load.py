"""`load`: from a `.capnp` file to classes in use.

Knows where schema files are found and that the same file gives the same classes. Does not know the language (`compiler`) or how classes are
made (`runtime`).
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from caplet.runtime.factory import ClassFactory
from caplet.schema.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.schema.model import Node

__all__ = ["SchemaModule", "load"]

_registry = Registry()
_factory = ClassFactory(_registry)
_modules: dict[int, SchemaModule] = {}
_lock = threading.RLock()


class SchemaModule(ModuleType):
    """A loaded schema file: its types and constants are its attributes, made when first used."""

    def __init__(self, name: str, file: Path, node: Node, factory: ClassFactory) -> None:
        super().__init__(name, f"The schema file {file.name}.")
        self.__file__ = str(file)
        self._node = node
        self._factory = factory

    def __getattr__(self, name: str) -> Any:
        """Return a type or constant of the file.

        Raises:
            AttributeError: the file has none of that name; the text names the nearest.
        """
        try:
            with _lock:
                value = self._factory.member_of(self._node, name)
        except KeyError:
            import difflib

            near = difflib.get_close_matches(name, [nested.name for nested in self._node.nested_nodes], 3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise AttributeError(f"{self.__file__} has no type or constant {name!r}{hint}") from None
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(nested.name for nested in self._node.nested_nodes)})


def load(path: str | os.PathLike[str], import_path: Sequence[str | os.PathLike[str]] = ()) -> Any:
    """Compile a schema file and return its types.

    Args:
        path: the `.capnp` file; a relative path is relative to the working directory.
        import_path: folders in which absolute imports are looked for, before the standard schemas.

    Returns:
        A module-like object whose attributes are the file's types and constants. The same schema gives the same classes, however often it
        is loaded.

    Raises:
        CompileError: the file, or one that it imports, does not compile; the text shows each place.
        FileNotFoundError: there is no such file.
    """
    from caplet.compiler import compile_file

    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"there is no schema file {file}")
    compiled = compile_file(file, [Path(folder) for folder in import_path], display_name=file.name)
    with _lock:
        module = _modules.get(compiled.id)
        if module is None:
            _registry.update(compiled.registry)
            name = f"{file.name.removesuffix('.capnp').replace('-', '_')}_capnp"
            module = _modules[compiled.id] = SchemaModule(name, file, _registry.get(compiled.id), _factory)
    return module
