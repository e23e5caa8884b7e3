"""Whole requests to and from bytes, and registries that decode nodes when they are needed.

Knows the two forms in which schemas travel: framed messages between a compiler and its plugins, and the flat messages
that generated modules carry. The fields themselves are `decode`'s and `encode`'s.
"""

from __future__ import annotations

from functools import partial

from caplet.errors import DecodeError
from caplet.limits import Limits
from caplet.schema.decode import read_node, read_request, read_source_info
from caplet.schema.encode import write_request
from caplet.schema.model import CodeGeneratorRequest
from caplet.schema.registry import Registry
from caplet.wire.framing import Framer, frame
from caplet.wire.message import MessageBuilder, MessageReader

__all__ = ["decode_request", "encode_request", "flat_request", "load_flat_request", "read_flat_request"]

_LIMITS = Limits(traversal_words=1 << 32, nesting=1 << 16)
"""Schemas come from the program's own files; their size is no reason to refuse them."""


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
    framer = Framer(_LIMITS)
    messages = framer.feed(data)
    if len(messages) != 1 or framer.pending_bytes:
        raise DecodeError("expected one whole message with a code generator request")
    return read_request(messages[0].root.struct())


def flat_request(request: CodeGeneratorRequest) -> bytes:
    """Returns a request as the words of a one-segment message, the root pointer first."""
    message = MessageBuilder()
    write_request(message.root, request)
    if len(message.output()) > 1:
        message = MessageBuilder(first_segment_words=message.total_words + 1)
        write_request(message.root, request)
    (segment,) = message.output()
    return bytes(segment)


def read_flat_request(data: bytes) -> CodeGeneratorRequest:
    """Reads what `flat_request` has written."""
    return read_request(MessageReader([data], _LIMITS).root.struct())


def load_flat_request(data: bytes, registry: Registry) -> None:
    """Adds the nodes of a flat request to a registry; each is decoded when it is first asked for.

    Raises:
        DecodeError: the bytes are not a message.
    """
    request = MessageReader([data], _LIMITS).root.struct()
    nodes = request.list(0)
    for index in range(len(nodes)):
        node = nodes.struct(index)
        registry.add_lazy(node.u64(0), partial(read_node, node))
    infos = request.list(3)
    for index in range(len(infos)):
        info = infos.struct(index)
        registry.add_lazy_source_info(info.u64(0), partial(read_source_info, info))
    files = request.list(1)
    for index in range(len(files)):
        file = files.struct(index)
        registry.add_file(file.text(0), file.u64(0))
