"""A registry of schemas with the classes made from them.

Knows from where schemas come: files, package resources, texts, requests of a compiler, nodes that a peer sent. Does not know the language
(`compiler`), how versions are merged (`schema`) or how classes are made (`runtime`).
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
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from caplet.compiler import CompiledFile
    from caplet.runtime.reflection import Schema
    from caplet.runtime.structs import Struct
    from caplet.schema.model import Node
    from caplet.wire.buffers import Buffer
    from caplet.wire.untyped import AnyStruct

__all__ = ["SchemaModule", "SchemaRegistry"]

NODE_ID = 0xE682AB4CF923A417
"""The id of the struct `Node` of schema.capnp."""


class SchemaModule(ModuleType):
    """A loaded schema file: its types, constants and annotations are its attributes, made when first used."""

    def __init__(self, name: str, file: str, node: Node, registry: SchemaRegistry) -> None:
        super().__init__(name)
        self.__file__ = file
        self._caplet_file = registry.factory, node.id
        self._schemas = registry
        info = registry.registry.source_info(node.id)
        comment = info.doc_comment if info is not None else None
        self.__doc__ = comment.rstrip("\n") if comment else f"The schema file {Path(file).name}."

    def __getattr__(self, name: str) -> Any:
        """Return a type, constant or annotation of the file.

        Raises:
            AttributeError: the file has none of that name; the text names the nearest.
        """
        try:
            value = self._schemas.member_of(self._caplet_file[1], name)
        except KeyError:
            if name.startswith("_"):
                raise AttributeError(name) from None
            import difflib

            near = difflib.get_close_matches(name, self._schemas.names_in(self._caplet_file[1]), 3)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise AttributeError(f"{self.__file__} has no type or constant {name!r}{hint}") from None
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._schemas.names_in(self._caplet_file[1])})


def _decoded(node: Struct | AnyStruct | Buffer) -> Node:
    """Return a node that came in a message.

    Raises:
        TypeError: it is something else.
    """
    from caplet.runtime.notations import untyped
    from caplet.runtime.structs import Struct
    from caplet.schema.codec import decode_node
    from caplet.schema.decode import read_node
    from caplet.wire.untyped import AnyStruct

    if isinstance(node, AnyStruct):
        return read_node(node)
    if isinstance(node, Struct):
        if node._plan.type_id != NODE_ID:
            raise TypeError(f"expected a Node of schema.capnp, not {node._plan.name}")
        return read_node(untyped(node))
    return decode_node(memoryview(node).cast("B"))


class SchemaRegistry:
    """Schemas that belong together, with their classes; `caplet.load` and generated modules share one of their own.

    The same declaration under two paths is one, and gives one class. Of two versions that fit together the newer one counts, and classes that exist
    already get what it has more; a version that does not fit is refused.

    Attributes:
        registry: the nodes.
        factory: what makes the classes.
        lock: held while either is used.
        sources: from which file, with which import path, the schema of a file id came.
    """

    def __init__(self) -> None:
        self.registry = Registry()
        self.factory = ClassFactory(self.registry)
        self.lock = threading.RLock()
        self.sources: dict[int, tuple[str, tuple[str, ...]]] = {}
        self._modules: dict[int, SchemaModule] = {}

    # --- where schemas come from ----------------------------------------------------------------------------------------------------

    def load(
        self,
        path: str | os.PathLike[str] | Traversable,
        import_path: Sequence[str | os.PathLike[str] | Traversable] = (),
    ) -> Any:
        """Compile a schema file and return its types; see `caplet.load`."""
        from caplet.compiler import compile_file

        if not isinstance(path, str | os.PathLike) and not hasattr(path, "is_file"):
            raise TypeError(f"expected the path of a schema file, not {type(path).__name__}")
        file = Path(path) if isinstance(path, str | os.PathLike) else path
        if not file.is_file():
            looked = f" in {Path.cwd()}" if isinstance(file, Path) and not file.is_absolute() else ""
            raise FileNotFoundError(f"there is no schema file {file}{looked}")
        folders = [Path(folder) if isinstance(folder, str | os.PathLike) else folder for folder in import_path]
        compiled = compile_file(file, folders, display_name=file.name)
        module = self._add(compiled, file.name, str(file))
        place = os.path.abspath(str(file)), tuple(os.path.abspath(str(folder)) for folder in folders)
        for file_id in compiled.registry.files.values():
            self.sources.setdefault(file_id, place)
        return module

    def load_text(
        self,
        text: str,
        name: str = "schema.capnp",
        import_path: Sequence[str | os.PathLike[str] | Traversable] = (),
        *,
        files: Mapping[str, str] | None = None,
    ) -> Any:
        """Compile a schema text and return its types.

        Args:
            text: the schema; without an id of its own it gets one that follows from `name`.
            name: what to call the file.
            import_path: as for `caplet.load`.
            files: other texts by name, which it can import.

        Raises:
            CompileError: it does not compile; the text shows each place.
            SchemaError: it declares what is known already in a version that does not fit.
        """
        from caplet.compiler import compile_text

        folders = [Path(folder) if isinstance(folder, str | os.PathLike) else folder for folder in import_path]
        return self._add(compile_text(text, name, folders, files=files), name, name)

    def _add(self, compiled: CompiledFile, name: str, file: str) -> SchemaModule:
        """Add a compiled file."""
        with self.lock:
            self.registry.update(compiled.registry)
            self.factory.refresh()
            return self._module(compiled.id, name, file)

    def _module(self, file_id: int, name: str, file: str) -> SchemaModule:
        """Return the module of a file."""
        module = self._modules.get(file_id)
        if module is None:
            title = f"{name.rpartition('/')[2].removesuffix('.capnp').replace('-', '_')}_capnp"
            module = self._modules[file_id] = SchemaModule(title, file, self.registry.get(file_id), self)
        return module

    def load_request(self, request: Buffer) -> tuple[Any, ...]:
        """Add what a schema compiler wrote and return the types of each file that it was asked for.

        Args:
            request: a framed `CodeGeneratorRequest`, such as `capnp compile -o-` writes.

        Raises:
            DecodeError: it is no such message.
            SchemaError: as for `add_nodes`.
        """
        from caplet.schema.codec import decode_request

        decoded = decode_request(bytes(request))
        with self.lock:
            self._add_strangers(decoded.nodes)
            for info in decoded.source_info:
                self.registry.add_source_info(info)
            for file in decoded.requested_files:
                self.registry.add_file(file.filename, file.id)
            return tuple(self._module(file.id, file.filename, file.filename) for file in decoded.requested_files)

    def add_nodes(self, nodes: Iterable[Struct | AnyStruct | Buffer]) -> tuple[Schema, ...]:
        """Add declarations that came from somewhere else, for example from a peer, after checking that they make sense.

        Args:
            nodes: structs `Node` of schema.capnp, untyped ones too, or framed messages of one; those that they refer to among them or added before they are used.

        Returns:
            The schemas, in the same order.

        Raises:
            DecodeError: a message is malformed.
            SchemaError: a node makes no sense, they do not fit to each other, or one contradicts what is known; then none is added.
            TypeError: it is something else.
        """
        from caplet.runtime.reflection import schema_of_node

        decoded = [_decoded(node) for node in nodes]
        with self.lock:
            kept = self._add_strangers(decoded)
            return tuple(schema_of_node(self.factory, node) for node in kept)

    def _add_strangers(self, nodes: Sequence[Node]) -> tuple[Node, ...]:
        """Add nodes after checking them."""
        from caplet.schema.evolution import add_strangers

        kept = add_strangers(self.registry, nodes)
        self.factory.refresh()
        return kept

    # --- what is there ------------------------------------------------------------------------------------------------------------

    def schema(self, type_id: int) -> Schema:
        """Return the schema of a declaration by its 64-bit id.

        Raises:
            SchemaError: there is none.
        """
        from caplet.runtime.reflection import schema_of_node

        with self.lock:
            return schema_of_node(self.factory, self.registry.get(type_id))

    def class_of(self, type_id: int, *arguments: Any) -> Any:
        """Return the class of a struct, enum or interface by its 64-bit id; of an interface, the client class.

        Args:
            type_id: the id.
            arguments: what the parameters of a generic type are bound to, as between the brackets of `Map[str, Person]`.

        Raises:
            SchemaError: there is none, or it needs a type that is not there.
        """
        with self.lock:
            cls = self.factory.class_of(type_id)
            return cls[arguments] if arguments else cls

    def __contains__(self, type_id: object) -> bool:
        return isinstance(type_id, int) and self.registry.get_or_none(type_id) is not None

    def __len__(self) -> int:
        return len(self.registry)

    # --- for modules --------------------------------------------------------------------------------------------------------------

    def member_of(self, file_id: int, name: str) -> Any:
        """Return what a name in a file stands for.

        Raises:
            KeyError: there is nothing of that name.
        """
        with self.lock:
            return self.factory.member_of(self.registry.get(file_id), name)

    def names_in(self, file_id: int) -> list[str]:
        """Return the names in a file."""
        with self.lock:
            return self.factory.child_names(self.registry.get(file_id))
