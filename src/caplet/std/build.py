"""Compiles the standard schemas into `blobs.py`, so that using them needs no compiler: `python -m caplet.std.build`.

Knows where the schemas lie and how their nodes are written down. Run it after a change to one of the `.capnp` files here;
a test compares the result.
"""

from __future__ import annotations

from pathlib import Path

from caplet.compiler.compile import Compilation, compile_files
from caplet.compiler.imports import STANDARD_FILES
from caplet.schema.codec import flat_request, text_of_flat
from caplet.schema.model import CodeGeneratorRequest

__all__ = ["blob_of", "blobs_text", "main"]

_DIRECTORY = Path(__file__).parent
_LINE = 100


def blob_of(path: str) -> bytes:
    """Compiles a standard schema.

    Args:
        path: the name under which it is imported, without the leading slash, as in `capnp/rpc.capnp`.

    Returns:
        A flat code generator request with the nodes declared in that file, and their doc comments.
    """
    file = _DIRECTORY / STANDARD_FILES[path]
    compilation = compile_files([file], display_names={str(file): path})
    return flat_request(_own_part(compilation, path))


def _own_part(compilation: Compilation, path: str) -> CodeGeneratorRequest:
    """Leaves out the nodes of imported files: they have blobs of their own."""
    nodes = tuple(
        node for node in compilation.nodes if node.display_name == path or node.display_name.startswith(path + ":")
    )
    own = {node.id for node in nodes}
    infos = tuple(info for info in compilation.source_info if info.id in own)
    return CodeGeneratorRequest(nodes, compilation.requested_files, infos)


def blobs_text() -> str:
    """Returns the text of `blobs.py`."""
    lines = [
        '"""The standard schemas as flat code generator requests in text. Made by `python -m caplet.std.build`."""',
        "",
        "BLOBS: dict[str, str] = {",
    ]
    for path in STANDARD_FILES:
        text = text_of_flat(blob_of(path))
        lines.append(f'    "{path}": """')
        lines.extend(text[start : start + _LINE] for start in range(0, len(text), _LINE))
        lines.append('""",')
    lines.append("}")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes `blobs.py`."""
    (_DIRECTORY / "blobs.py").write_text(blobs_text(), encoding="ascii")


if __name__ == "__main__":
    main()
