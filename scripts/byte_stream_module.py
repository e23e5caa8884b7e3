"""Write the typed module of the ByteStream schema, `caplet.aio.byte_stream_capnp`; run it after a change to the schema or to how stubs are made."""

from __future__ import annotations

from pathlib import Path

import caplet
from caplet.codegen.modules import module_text
from caplet.codegen.stubs import stub_text
from caplet.compiler import compile_files

ROOT = Path(caplet.__file__).parent
SCHEMA = ROOT / "std" / "byte-stream.capnp"
MODULE = ROOT / "aio" / "byte_stream_capnp.py"


def texts() -> tuple[str, str]:
    """Return the module and its types."""
    request = compile_files([SCHEMA], display_names={str(SCHEMA): "capnp/compat/byte-stream.capnp"}).request
    (file,) = request.requested_files
    return module_text(request, file), stub_text(request, file)


if __name__ == "__main__":
    module, stub = texts()
    MODULE.write_text(module, encoding="utf-8")
    MODULE.with_suffix(".pyi").write_text(stub, encoding="utf-8")
