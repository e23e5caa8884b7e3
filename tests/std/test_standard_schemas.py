"""The standard schemas: ours have the ids and layout of the originals, and the blobs are fresh."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import caplet.std
from caplet.compiler import compile_files
from caplet.compiler.imports import STANDARD_FILES
from caplet.schema.codec import decode_request
from caplet.schema.model import EnumNode, Field, InterfaceNode, Node, StructNode
from caplet.schema.records import replace
from caplet.std import standard_blob, standard_registry
from caplet.std.blobs import BLOBS
from caplet.std.build import blob_of

INCLUDE = Path("/usr/include")
RENAMED = {
    0x9E19B28D3DB3573A: {"awaitFromThirdParty": "acceptFromThirdParty"},
}
"""Fields that the packaged version has under an older name."""

CHANGED = {
    ("Accept", "embargo"),  # Bool before version 2 of the protocol.
    ("Disembargo.context", "accept"),  # Void before.
    ("Disembargo.context", "provide"),  # Removed.
    ("JoinResult", "cap"),  # AnyPointer in the packaged file, Capability since.
}


def packaged(path: str) -> dict[int, Node]:
    if shutil.which("capnp") is None:
        pytest.skip("the capnp program is not installed (Debian package capnproto)")
    file = INCLUDE / path
    if not file.exists():
        pytest.skip(f"{path} is not installed (Debian package libcapnp-dev)")
    done = subprocess.run(["capnp", "compile", "-o-", str(file)], capture_output=True, check=True)
    return {node.id: node for node in decode_request(done.stdout).nodes}


def ours(path: str) -> dict[int, Node]:
    registry = standard_registry()
    return {node.id: node for node in registry if node.display_name.split(":")[0] == path}


# Two are ours alone, the other is not in Debian's package.
NOT_PACKAGED = {"capnp/python.capnp", "caplet/call-metadata.capnp", "capnp/compat/byte-stream.capnp"}


@pytest.mark.parametrize("path", [path for path in STANDARD_FILES if path not in NOT_PACKAGED])
def test_every_packaged_declaration_is_there_with_its_layout(path: str) -> None:
    found = ours(path)
    known_gone = {"ProvisionId", "RecipientId", "ThirdPartyCapId"}
    for node in packaged(path).values():
        if not node.display_name.endswith(path) and f"{path}:" not in node.display_name:
            continue
        short = node.display_name.partition(":")[2]
        if short in known_gone:
            continue
        same = found[node.id]
        assert same.display_name.partition(":")[2] == short
        assert same.scope_id == node.scope_id
        assert (same.parameters, same.is_generic) == (node.parameters, node.is_generic)
        compare_bodies(short, same, node)


def compare_bodies(short: str, same: Node, node: Node) -> None:
    if isinstance(node.body, StructNode):
        assert isinstance(same.body, StructNode)
        assert same.body.data_word_count >= node.body.data_word_count
        assert same.body.pointer_count >= node.body.pointer_count
        assert same.body.discriminant_offset == node.body.discriminant_offset
        assert same.body.is_group == node.body.is_group
        fields = {field.name: field for field in same.body.fields}
        for field in node.body.fields:
            if (short, field.name) not in CHANGED:
                name = RENAMED.get(node.id, {})
                renamed = {old: new for new, old in name.items()}.get(field.name, field.name)
                assert comparable(fields[renamed]) == replace(comparable(field), name=renamed)
    elif isinstance(node.body, EnumNode):
        assert isinstance(same.body, EnumNode)
        assert [enumerant.name for enumerant in same.body.enumerants] == [item.name for item in node.body.enumerants]
    elif isinstance(node.body, InterfaceNode):
        assert same.body == node.body
    else:
        assert same.body == node.body


def comparable(field: Field) -> Field:
    """The place in the text is not on the wire."""
    return replace(field, code_order=0, annotations=())


@pytest.mark.parametrize(
    ("path", "name", "field", "offset"),
    [
        ("capnp/rpc.capnp", "Call", "allowThirdPartyTailCall", 128),
        ("capnp/rpc.capnp", "Call", "noPromisePipelining", 129),
        ("capnp/rpc.capnp", "Call", "onlyPromisePipeline", 130),
        ("capnp/rpc.capnp", "Return", "noFinishNeeded", 33),
        ("capnp/rpc.capnp", "Finish", "requireEarlyCancellationWorkaround", 33),
        ("capnp/rpc.capnp", "Accept", "embargo", 1),
        ("capnp/rpc.capnp", "Exception", "details", 2),
        ("capnp/rpc.capnp", "ThirdPartyAnswer", "completion", 0),
        ("capnp/rpc.capnp", "ThirdPartyAnswer", "answerId", 0),
        ("capnp/rpc.capnp", "Exception.Detail", "detailId", 0),
        ("capnp/rpc.capnp", "Message", "thirdPartyAnswer", 0),
        ("capnp/schema.capnp", "Node", "startByte", 10),
        ("capnp/schema.capnp", "Node", "endByte", 11),
        ("capnp/compat/json.capnp", "Value", "raw", 0),
    ],
)
def test_newer_fields_lie_where_newer_peers_expect_them(path: str, name: str, field: str, offset: int) -> None:
    registry = standard_registry()
    body = registry.find(registry.file(path).id, name).body
    assert isinstance(body, StructNode)
    (found,) = (item for item in body.fields if item.name == field)
    assert found.body.offset == offset  # type: ignore[union-attr]


def test_the_annotation_for_cancellation_is_in_the_annotations_for_cxx() -> None:
    registry = standard_registry()
    node = registry.find(registry.file("capnp/c++.capnp").id, "allowCancellation")
    assert node.id == 0xAC7096FF8CFC9DCE


def test_blobs_are_what_the_compiler_makes_of_the_sources() -> None:
    assert list(BLOBS) == list(STANDARD_FILES)
    for path in STANDARD_FILES:
        assert standard_blob(path) == blob_of(path), "run `python -m caplet.std.build`"


def test_standard_schemas_are_loaded_without_the_compiler() -> None:
    import sys

    program = "import sys, caplet.std as s; s.standard_registry().file('capnp/rpc.capnp'); print('caplet.compiler' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_sources_compile_together() -> None:
    from caplet.std import build

    directory = Path(build.__file__).parent
    assert len(compile_files(sorted(directory.glob("*.capnp"))).files) == len(STANDARD_FILES)


def test_byte_streams_have_the_ids_and_layout_that_the_original_compiler_gives_them(tmp_path: Path) -> None:
    if shutil.which("capnp") is None:
        pytest.skip("the capnp program is not installed (Debian package capnproto)")
    file = Path(caplet.std.__file__).with_name("byte-stream.capnp")
    text = file.read_text(encoding="utf-8").replace(
        "$Cxx.allowCancellation;\n", ""
    )  # newer than the packaged c++.capnp
    copy = tmp_path / "byte-stream.capnp"
    copy.write_text(text, encoding="utf-8")
    done = subprocess.run(["capnp", "compile", "-o-", str(copy)], capture_output=True, check=True)
    theirs = {node.id: node for node in decode_request(done.stdout).nodes if "ByteStream" in node.display_name}
    found = ours("capnp/compat/byte-stream.capnp")
    assert 0x8F5D14E1C273738D in found
    assert len(theirs) == 12
    for node in theirs.values():
        compare_bodies(node.display_name, found[node.id], node)
