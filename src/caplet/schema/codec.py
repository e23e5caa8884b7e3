"""Whole requests to and from bytes, and registries that decode nodes when they are needed.

Knows the two forms in which schemas travel: framed messages between a compiler and its plugins, and the flat messages
that generated modules carry, as text. The fields themselves are `decode`'s and `encode`'s.
"""

from __future__ import annotations

import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from caplet.errors import DecodeError
from caplet.limits import Limits
from caplet.schema.decode import read_node, read_request, read_source_info
from caplet.schema.encode import write_request
from caplet.schema.model import CodeGeneratorRequest, Node
from caplet.schema.registry import Registry
from caplet.wire.framing import Framer, frame
from caplet.wire.message import MessageBuilder, MessageReader

if TYPE_CHECKING:
    from caplet.wire.untyped import AnyStruct
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = [
    "decode_node",
    "decode_request",
    "encode_request",
    "flat_from_text",
    "flat_request",
    "load_flat_request",
    "one_segment",
    "read_flat_request",
    "text_of_flat",
]

Decoded = TypeVar("Decoded")

_LIMITS = Limits(traversal_words=1 << 32, nesting=1 << 16)
"""The schemas of generated modules are the program's own; their size is no reason to refuse them."""


def encode_request(request: CodeGeneratorRequest) -> bytes:
    """Returns a request as a framed message, as plugins read it from their standard input."""
    message = MessageBuilder()
    write_request(message.root, request)
    return b"".join(frame(message.output()))


def decode_request(data: bytes | memoryview) -> CodeGeneratorRequest:
    """Reads a request from a framed message.

    Raises:
        DecodeError: the bytes are not one whole message.
        SchemaError: a part of a node is of an unknown kind.
    """
    # Everything in it is read once or twice; a damaged one could say that there is far more.
    limits = Limits(traversal_words=len(data) + 1024, nesting=_LIMITS.nesting)
    return _decode(data, limits, "a code generator request", read_request)


def decode_node(data: bytes | memoryview) -> Node:
    """Reads a node, which a stranger may have made, from a framed message.

    Raises:
        DecodeError: the bytes are not one whole message.
        SchemaError: a part of it is of an unknown kind.
    """
    return _decode(data, None, "a schema node", read_node)


def _decode(
    data: bytes | memoryview, limits: Limits | None, what: str, read: Callable[[AnyStruct], Decoded]
) -> Decoded:
    framer = Framer(limits)
    messages = framer.feed(data)
    if len(messages) != 1 or framer.pending_bytes:
        raise DecodeError(f"expected one whole message with {what}")
    try:
        return read(messages[0].root.struct())
    except RecursionError:
        raise DecodeError(f"{what} with types that are nested too deeply") from None


def flat_request(request: CodeGeneratorRequest) -> bytes:
    """Returns a request as the words of a one-segment message, the root pointer first."""
    return one_segment(lambda root: write_request(root, request))


def one_segment(write: Callable[[AnyPointerBuilder], None]) -> bytes:
    """Builds a message; when it does not fit into one segment, again with one that is large enough."""
    message = MessageBuilder()
    write(message.root)
    if len(message.output()) > 1:
        message = MessageBuilder(first_segment_words=message.total_words + 1)
        write(message.root)
    (segment,) = message.output()
    return bytes(segment)


def text_of_flat(flat: bytes) -> str:
    """Returns a flat request as it stands in the source of a module: by zlib, in base64."""
    return b64encode(zlib.compress(flat, 9)).decode("ascii")


def flat_from_text(text: str | bytes) -> bytes:
    """Returns the flat request that `text_of_flat` has written.

    Raises:
        DecodeError: the text is damaged.
    """
    try:
        return zlib.decompress(b64decode(text))
    except (ValueError, zlib.error) as error:
        raise DecodeError(
            f"the schema in the source of a module is damaged ({error}): generate the module again"
        ) from error


def read_flat_request(data: bytes) -> CodeGeneratorRequest:
    """Reads what `flat_request` has written."""
    return read_request(MessageReader([data], _LIMITS).root.struct())


def load_flat_request(data: bytes, registry: Registry) -> None:
    """Adds the nodes of a flat request to a registry; each is decoded when it is first asked for.

    Raises:
        DecodeError: the bytes are not a message.
        SchemaError: a declaration of its files is present in a version that does not fit.
    """
    request = MessageReader([data], _LIMITS).root.struct()
    files = request.list(1)
    filenames = [files.struct(index).text(0) for index in range(len(files))]
    nodes = request.list(0)
    for index in range(len(nodes)):
        node = nodes.struct(index)
        node_id = node.u64(0)
        # A file's own nodes must fit to what is there; copies of those of other files are there for want of the files.
        own = node_id in registry and node.text(0).partition(":")[0] in filenames
        (registry.merge_lazy if own else registry.add_lazy)(node_id, partial(read_node, node))
    infos = request.list(3)
    for index in range(len(infos)):
        info = infos.struct(index)
        registry.add_lazy_source_info(info.u64(0), partial(read_source_info, info))
    for index, filename in enumerate(filenames):
        registry.add_file(filename, files.struct(index).u64(0))
