"""`load` and generated modules: from a schema file, or what was made from one, to classes in use.

Knows the one registry that they share, and where its classes come from, so that other processes find them again. Does not know how schemas become
classes (`schema_registry.py`).
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

from caplet.errors import SchemaError
from caplet.schema.model import Brand, NamedType, Type
from caplet.schema_registry import SchemaRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.resources.abc import Traversable

__all__ = ["find_class", "load", "open_module"]

_schemas = SchemaRegistry()
# The generated modules in use, by the ids of their schema files.
_module_names: dict[int, str] = {}


def load(
    path: str | os.PathLike[str] | Traversable, import_path: Sequence[str | os.PathLike[str] | Traversable] = ()
) -> Any:
    """Compile a schema file and return its types.

    Args:
        path: the `.capnp` file; a relative path is relative to the working directory. Also a resource of a package, such as
            `importlib.resources.files("project") / "x.capnp"`.
        import_path: folders, or resources, in which absolute imports are looked for, before the standard schemas.

    Returns:
        A module-like object whose attributes are the file's types and constants. The same schema gives the same classes, however often it
        is loaded.

    Raises:
        CompileError: the file, or one that it imports, does not compile; the text shows each place.
        FileNotFoundError: there is no such file.
        SchemaError: it declares what was loaded before in a version that does not fit.
    """
    return _schemas.load(path, import_path)


# --- generated modules ------------------------------------------------------------------------------------------------------------------


def open_module(
    namespace: dict[str, Any], file_id: int, imports: Sequence[str], schema: bytes | str
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return what looks up and what lists the names of a generated module.

    Args:
        namespace: the globals of the module; what is looked up is kept there.
        file_id: the id of the schema file.
        imports: the modules of the files that it imports; one that was not generated is no error, since the schema has what it needs of them.
        schema: a flat code generator request as text, or the path by which a standard schema is imported.

    Raises:
        DecodeError: the schema is damaged.
        SchemaError: it declares what was loaded before in a version that does not fit.
    """
    from caplet.schema.codec import flat_from_text, load_flat_request
    from caplet.std import standard_blob

    name: str = namespace["__name__"]
    for imported in imports:
        try:
            importlib.import_module(imported, namespace["__package__"] or None)
        except ModuleNotFoundError as error:
            if error.name is None or not error.name.endswith("_capnp"):
                raise
    registry, factory = _schemas.registry, _schemas.factory
    with _schemas.lock:
        load_flat_request(standard_blob(schema) if isinstance(schema, str) else flat_from_text(schema), registry)
        factory.refresh()
        _module_names[file_id] = name
        info = registry.source_info(file_id)
    namespace["_caplet_file"] = factory, file_id
    if info is not None and info.doc_comment and namespace.get("__doc__") is None:
        namespace["__doc__"] = info.doc_comment.rstrip("\n")

    def find(attribute: str) -> Any:
        try:
            value = _schemas.member_of(file_id, attribute)
        except KeyError:
            raise AttributeError(f"module {name!r} has no type or constant {attribute!r}", name=attribute) from None
        namespace[attribute] = value
        return value

    def names() -> list[str]:
        return sorted({*namespace, *_schemas.names_in(file_id)})

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
    if type_id not in _schemas and module:
        importlib.import_module(module)
    if type_id not in _schemas and path and os.path.exists(path):
        load(path, import_path)
    if type_id not in _schemas:
        raise SchemaError(f"no schema with the id {type_id:#018x} is loaded, and {path or 'no file'} does not have it")
    with _schemas.lock:
        return _schemas.factory.class_of(type_id, brand)


def _origin_of(schema_type: Type) -> tuple[Callable[..., Any], tuple[object, ...]]:
    """Return how another process finds the class of a type: `find_class` and its arguments."""
    assert isinstance(schema_type, NamedType)
    file_id = _schemas.registry.file_of(schema_type.type_id).id
    path, import_path = _schemas.sources.get(file_id, ("", ()))
    return find_class, (schema_type.type_id, schema_type.brand, path, import_path, _module_names.get(file_id, ""))


_schemas.factory.origin_of = _origin_of
