"""`load`: from a `.capnp` file to classes in use; and the import hook, which does the same for `import x_capnp`.

Knows where schema files are found and that the same file gives the same classes. Does not know the language (`compiler`) or how classes are
made (`runtime`).
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
from importlib.abc import Loader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from caplet.errors import SchemaError
from caplet.runtime.factory import ClassFactory
from caplet.schema.model import Brand, NamedType, Type
from caplet.schema.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec

    from caplet.schema.model import Node

__all__ = ["SchemaModule", "install_import_hook", "load", "open_module"]

_registry = Registry()
_factory = ClassFactory(_registry)
_modules: dict[int, SchemaModule] = {}
_sources: dict[int, tuple[str, tuple[str, ...]]] = {}
# The generated modules in use, by the ids of their schema files.
_module_names: dict[int, str] = {}
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
            if name.startswith("__"):
                raise AttributeError(name) from None
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
        SchemaError: it declares an id that was loaded before with another meaning.
    """
    from caplet.compiler import compile_file

    file = Path(path)
    if not file.exists():
        raise FileNotFoundError(f"there is no schema file {file}")
    compiled = compile_file(file, [Path(folder) for folder in import_path], display_name=file.name)
    with _lock:
        _registry.update(compiled.registry)
        module = _modules.get(compiled.id)
        if module is None:
            name = f"{file.name.removesuffix('.capnp').replace('-', '_')}_capnp"
            module = _modules[compiled.id] = SchemaModule(name, file, _registry.get(compiled.id), _factory)
        place = str(file.absolute()), tuple(os.path.abspath(folder) for folder in import_path)
        for file_id in compiled.registry.files.values():
            _sources.setdefault(file_id, place)
    return module


# --- generated modules ------------------------------------------------------------------------------------------------------------------


def open_module(
    namespace: dict[str, Any], file_id: int, imports: Sequence[str], schema: bytes
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return what looks up and what lists the names of a generated module.

    Args:
        namespace: the globals of the module; what is looked up is kept there.
        file_id: the id of the schema file.
        imports: the modules of the files that it imports; one that was not generated is no error, since the schema has what it needs of them.
        schema: a flat code generator request in base 85.

    Raises:
        DecodeError: the schema is damaged.
    """
    from base64 import b85decode

    from caplet.schema.codec import load_flat_request

    name: str = namespace["__name__"]
    for imported in imports:
        try:
            importlib.import_module(imported, namespace["__package__"] or None)
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.endswith("_capnp"):
                raise
    with _lock:
        load_flat_request(b85decode(schema), _registry)
        _module_names[file_id] = name

    def find(attribute: str) -> Any:
        try:
            with _lock:
                value = _factory.member_of(_registry.get(file_id), attribute)
        except KeyError:
            raise AttributeError(f"module {name!r} has no type or constant {attribute!r}", name=attribute) from None
        namespace[attribute] = value
        return value

    def names() -> list[str]:
        return sorted({*namespace, *(nested.name for nested in _registry.get(file_id).nested_nodes)})

    return find, names


# --- classes in other processes -------------------------------------------------------------------------------------------------------


def find_class(type_id: int, brand: Brand, path: str, import_path: tuple[str, ...], module: str = "") -> Any:
    """Return the class of a type, in a process that may not have loaded its schema yet.

    Args:
        type_id: the type's id.
        brand: what its parameters are bound to.
        path: the schema file by which the type was known elsewhere.
        import_path: the import path that was used there.
        module: the generated module by which the type was known there, if any.

    Raises:
        ModuleNotFoundError: there is no such generated module here.
        SchemaError: the type is not known here, and the file does not have it.
    """
    if type_id not in _registry and module:
        importlib.import_module(module)
    if type_id not in _registry and path and os.path.exists(path):
        load(path, import_path)
    with _lock:
        if _registry.get_or_none(type_id) is None:
            raise SchemaError(
                f"no schema with the id {type_id:#018x} is loaded, and {path or 'no file'} does not have it"
            )
        return _factory.class_of(type_id, brand)


def _origin_of(schema_type: Type) -> tuple[Callable[..., Any], tuple[object, ...]]:
    """Return how another process finds the class of a type: `find_class` and its arguments."""
    assert isinstance(schema_type, NamedType)
    file_id = _registry.file_of(schema_type.type_id).id
    path, import_path = _sources.get(file_id, ("", ()))
    return find_class, (schema_type.type_id, schema_type.brand, path, import_path, _module_names.get(file_id, ""))


_factory.origin_of = _origin_of


# --- import hook ------------------------------------------------------------------------------------------------------------------------


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
        for folder in path if path is not None else sys.path:
            for candidate in (stem, stem.replace("_", "-")):
                file = Path(folder or ".", f"{candidate}.capnp")
                if file.is_file():
                    return importlib.util.spec_from_loader(fullname, _SchemaLoader(file), origin=str(file))
        return None


class _SchemaLoader(Loader):
    """Loads one schema file as a module.

    Args:
        file: the file.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the loaded file."""
        module: ModuleType = load(self._file, [folder for folder in sys.path if folder])
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is left to do."""


def install_import_hook() -> None:
    """Let `import calculator_capnp` load `calculator.capnp` from the folders in which Python looks for modules."""
    if _SchemaFinder not in sys.meta_path:
        sys.meta_path.append(_SchemaFinder)
