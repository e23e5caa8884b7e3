"""Where imported and embedded files come from.

Knows directories, the import path and the standard schemas that lie in this package; it does not know what is in the
files.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["Importer", "SchemaFile", "memory_file"]

STANDARD_FILES: Final = {
    "capnp/c++.capnp": "c++.capnp",
    "capnp/persistent.capnp": "persistent.capnp",
    "capnp/python.capnp": "python.capnp",
    "capnp/rpc.capnp": "rpc.capnp",
    "capnp/rpc-twoparty.capnp": "rpc-twoparty.capnp",
    "capnp/schema.capnp": "schema.capnp",
    "capnp/stream.capnp": "stream.capnp",
    "capnp/compat/byte-stream.capnp": "byte-stream.capnp",
    "capnp/compat/json.capnp": "json.capnp",
    "caplet/call-metadata.capnp": "call-metadata.capnp",
}
"""The standard schemas, and Caplet's own, by the path under which they are imported, and their files in caplet/std."""

STANDARD_DIRECTORIES: Final = (Path("/usr/local/include"), Path("/usr/include"))


class SchemaFile:
    """A file that can be read, and the directory against which its relative imports are looked up.

    Args:
        key: equal for two objects that are the same file.
        display_name: the name of the file in schemas, with `/` between its parts.
        shown: the name of the file in diagnostics: the path as the user gave it, or where it was found.
        place: the file itself: a path, a package resource, or its content.
        root: the directory in which `display_name` lies; relative imports do not leave a package's root.
    """

    __slots__ = ("display_name", "key", "path", "place", "root", "shown")

    def __init__(
        self,
        key: str,
        display_name: str,
        place: Path | Traversable | bytes,
        root: Path | Traversable | Mapping[str, bytes] | None,
        path: str | None = None,
        shown: str | None = None,
    ) -> None:
        self.key = key
        self.display_name = display_name
        self.place = place
        self.root = root
        self.path = display_name if path is None else path
        self.shown = display_name if shown is None else shown

    def read(self) -> bytes:
        """Returns the content.

        Raises:
            OSError: the file cannot be read.
        """
        return self.place if isinstance(self.place, bytes) else self.place.read_bytes()

    def relative(self, path: str) -> SchemaFile | None:
        """Finds a file by a path relative to this one's directory, or returns None."""
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))
        display = posixpath.normpath(posixpath.join(posixpath.dirname(self.display_name), path))
        if isinstance(self.root, Mapping):
            content = self.root.get(joined)
            return None if content is None else SchemaFile("memory:" + joined, display, content, self.root, joined)
        if self.root is None:
            return None
        if isinstance(self.root, Path):
            return disk_file(self.root, joined, display)
        return None if joined.startswith("..") else resource_file(self.root, joined, display)


def disk_file(root: Path, path: str, display_name: str) -> SchemaFile | None:
    """Returns a file on disk, or None when there is none."""
    place = root / path
    try:
        if not place.is_file():
            return None
        key = "file:" + str(place.resolve())
    except (OSError, ValueError):
        return None
    return SchemaFile(key, display_name, place, root, path, str(place))


def resource_file(root: Traversable, path: str, display_name: str) -> SchemaFile | None:
    """Returns a file in a package, or None when there is none."""
    place = root.joinpath(path)
    if not place.is_file():
        return None
    return SchemaFile(f"package:{root}:{path}", display_name, place, root, path)


def named_resource(place: Traversable, display_name: str) -> SchemaFile | None:
    """Returns a package resource that the user named, or None when there is none; its relative imports are looked up in its package."""
    if not place.is_file():
        return None
    parts = [place.name]
    root = getattr(place, "parent", None)
    while root is not None:
        above = getattr(root, "parent", None)
        if above is None or isinstance(above, Path):
            # What is above a zip file is no part of it.
            break
        parts.insert(0, root.name)
        root = above
    path = "/".join(parts)
    return SchemaFile(f"package:{root}:{path}", display_name, place, root, path, str(place))


def memory_file(name: str, files: Mapping[str, bytes]) -> SchemaFile:
    """Returns one of several files that are in memory; its relative imports find the others."""
    return SchemaFile("memory:" + name, name, files[name], files)


class Importer:
    """Finds files for imports.

    Args:
        import_path: directories, or package resources, in which absolute imports (`/dir/file.capnp`) are looked up,
            in order, before the standard places.
        standard: whether the standard schemas and the system's include directories are looked up after them.
    """

    __slots__ = ("import_path", "standard")

    def __init__(self, import_path: Iterable[str | Path | Traversable] = (), standard: bool = True) -> None:
        self.import_path: Sequence[Path | Traversable] = tuple(
            Path(directory) if isinstance(directory, str) else directory for directory in import_path
        )
        self.standard = standard

    def open(self, path: str | Path | Traversable, display_name: str | None = None) -> SchemaFile | None:
        """Returns a file that the user named, or None when there is none.

        Args:
            path: relative to the working directory, or absolute; or a package resource.
            display_name: the name in schemas; by default the path without a leading slash.
        """
        if not isinstance(path, (str, Path)):
            return named_resource(path, display_name or path.name)
        text = Path(path).as_posix()
        name = display_name or posixpath.normpath(text).lstrip("/")
        return disk_file(Path(), text, name)

    def find(self, importing: SchemaFile, path: str) -> SchemaFile | None:
        """Returns the file that `import "path"` in another file means, or None when there is none."""
        if "\0" in path or not path:
            return None
        if not path.startswith("/"):
            return importing.relative(path)
        return self.find_absolute(posixpath.normpath(path.lstrip("/")))

    def find_absolute(self, path: str) -> SchemaFile | None:
        """Returns the file for an absolute import, its leading slash removed, or None when there is none."""
        if path.startswith(".."):
            return None
        for directory in self.import_path:
            found = (
                disk_file(directory, path, path)
                if isinstance(directory, Path)
                else resource_file(directory, path, path)
            )
            if found is not None:
                return found
        if not self.standard:
            return None
        if path in STANDARD_FILES:
            from importlib import resources  # Costs much, and is needed only here.

            place = resources.files("caplet") / "std" / STANDARD_FILES[path]
            return SchemaFile("standard:" + path, path, place, None)
        for root in STANDARD_DIRECTORIES:
            found = disk_file(root, path, path)
            if found is not None:
                return found
        return None

    def places(self, importing: SchemaFile, path: str) -> str:
        """Returns where `find` has looked, for a diagnostic."""
        if not path.startswith("/"):
            joined = posixpath.normpath(posixpath.join(posixpath.dirname(importing.display_name), path))
            return f"looked for {joined}"
        names = [str(directory) for directory in self.import_path]
        if self.standard:
            names += ["the standard schemas", *map(str, STANDARD_DIRECTORIES)]
        return "looked in " + (", ".join(names) or "nothing: the import path is empty")
