"""Nodes to bytes and back, and what is refused."""

from __future__ import annotations

import os
import random
import sys

import pytest

from caplet.compiler import compile_text
from caplet.errors import DecodeError, SchemaError
from caplet.schema.codec import (
    decode_request,
    encode_request,
    flat_from_text,
    flat_request,
    load_flat_request,
    read_flat_request,
    text_of_flat,
)
from caplet.schema.model import (
    VOID,
    Brand,
    BrandScope,
    CapnpVersion,
    CodeGeneratorRequest,
    ConstNode,
    Identifier,
    Node,
    RequestedFile,
    Value,
)
from caplet.schema.registry import Registry
from caplet.wire.message import MessageReader

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
TEXT = """
    struct S(T) {
      a @0 :Text = "x"; b @1 :List(Int32) = [1, 2]; c @2 :S(Data) = (a = "y"); d @3 :T; e @4 :Float32 = 1.5;
      union { f @5 :Void; g @6 :Bool = true; } h :group { i @7 :Int64 = -5; }
    }
    enum E { one @0; two @1; }
    interface I(T) extends(J) { m @0 [A] (a :A, t :T) -> (s :S(T)); }
    interface J {}
    annotation a (*) :List(Text);
    const c :S(Text) = (d = "z") $a(["p", "q"]);
"""


@pytest.fixture(scope="module")
def request_() -> CodeGeneratorRequest:
    compiled = compile_text(TEXT)
    file = RequestedFile(
        compiled.id, compiled.filename, compiled.imports, (Identifier(1, 2, 3), Identifier(4, 5, 6, 7))
    )
    infos = tuple(info for node in compiled.registry if (info := compiled.registry.source_info(node.id)) is not None)
    return CodeGeneratorRequest(tuple(compiled.registry), (file,), infos, CapnpVersion(1, 2, 3))


def test_framed_and_flat_requests_survive_a_round_trip(request_: CodeGeneratorRequest) -> None:
    assert decode_request(encode_request(request_)) == request_
    assert read_flat_request(flat_request(request_)) == request_


def test_flat_requests_are_one_segment_however_large() -> None:
    nodes = tuple(Node(number, "n" * 100, 0, 0, ConstNode(VOID, Value(VOID.kind))) for number in range(2_000))
    request = CodeGeneratorRequest(nodes, ())
    assert read_flat_request(flat_request(request)) == request


def test_a_flat_request_stands_in_sources_as_shorter_text_and_damage_is_told(request_: CodeGeneratorRequest) -> None:
    flat = flat_request(request_)
    text = text_of_flat(flat)
    assert flat_from_text(text) == flat_from_text(text.encode()) == flat
    assert len(text) < len(flat)
    for damaged in ("", "AAAA", text[:-8], text[1:]):
        with pytest.raises(DecodeError, match="generate the module again"):
            flat_from_text(damaged)


def test_nodes_of_a_flat_request_are_decoded_when_asked_for(request_: CodeGeneratorRequest) -> None:
    registry = Registry()
    load_flat_request(flat_request(request_), registry)
    assert len(registry) == len(request_.nodes)
    assert registry.files == {file.filename: file.id for file in request_.requested_files}
    for node in request_.nodes:
        assert registry.get(node.id) == node
    for info in request_.source_info:
        assert registry.source_info(info.id) == info


def test_unbound_bindings_are_kept() -> None:
    from caplet.schema.model import StructType

    type_ = StructType(5, Brand((BrandScope(5, (None, VOID)), BrandScope(6, None))))
    request = CodeGeneratorRequest((Node(1, "a", 0, 0, ConstNode(type_, Value(type_.kind))),), ())
    assert read_flat_request(flat_request(request)) == request


@pytest.mark.parametrize("data", [b"", b"\0" * 7, b"\0" * 4 + b"\1\0\0\0" + b"\0" * 8 + b"more"])
def test_bytes_that_are_not_one_message_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_request(data)


def test_damaged_requests_are_refused_or_read_but_never_crash(request_: CodeGeneratorRequest) -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    generator = random.Random(SEED)
    flat = flat_request(request_)
    for _ in range(300):
        data = bytearray(flat)
        for _ in range(generator.randrange(1, 6)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        try:
            found = read_flat_request(bytes(data))
        except (DecodeError, SchemaError):
            continue
        assert len(found.nodes) <= len(data)


def test_unknown_kinds_are_named() -> None:
    from caplet.schema.decode import read_node
    from caplet.wire.message import MessageBuilder

    message = MessageBuilder()
    node = message.root.init_struct(6, 6)
    node.set_u16(12, 99)
    node.set_text(0, "a.capnp:Odd")
    with pytest.raises(SchemaError, match=r"unknown kind \(99\): a.capnp:Odd"):
        read_node(MessageReader([bytes(message.output()[0])]).root.struct())
