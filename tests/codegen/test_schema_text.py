"""Schemas printed back: the text compiles to the nodes that it was made of, and is the original's where that compiles."""

from __future__ import annotations

import difflib
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caplet.codegen.schema_text import print_schemas
from caplet.compiler import compile_files
from caplet.compiler.compile import Compilation
from caplet.schema.model import ConstNode, Node
from caplet.schema.records import replace

from ..compiler.test_random_schemas import schema_text

CORPUS = Path(__file__).parent.parent / "compiler" / "corpus"
CORPUS_FILES = sorted(path.name for path in CORPUS.glob("*.capnp"))
INCLUDE = Path("/usr/include")
INSTALLED = sorted(str(path.relative_to(INCLUDE)) for path in (INCLUDE / "capnp").rglob("*.capnp"))
SEED = int(os.environ.get("CAPLET_TEST_SEED") or random.randrange(1 << 32))

# What a literal cannot say is left out of the text, so that it is not in the nodes that come back.
WITHOUT_LITERALS = {"Service", "nested", "any"}
# Where we do not print what the original prints, because that would not compile, or give other nodes.
OWN_LINES = {
    "annotations.capnp": ["choice :union $onUnion(void)", "call @0 (a :Int32"],
    "constants.capnp": ["const nested", "# const any"],
    "layout.capnp": ["choice @2! :union"],
    "types.capnp": ["void @0 :Void = void", "no @2 :Bool = false"],
}


def comparable(compilation: Compilation, without: set[str] = frozenset()) -> dict[int, Node]:  # type: ignore[assignment]
    """Return the nodes by id, but for the places of declarations in their texts."""
    nodes = [node for node in compilation.request.nodes if node.name not in without]
    kept = {node.id: replace(node, start_byte=0, end_byte=0) for node in nodes}
    if not without:
        return kept
    gone = {nested for nested in without if nested == "any"}
    return {
        key: replace(node, nested_nodes=tuple(nested for nested in node.nested_nodes if nested.name not in gone))
        for key, node in kept.items()
    }


@pytest.mark.parametrize("name", CORPUS_FILES)
def test_the_printed_corpus_compiles_to_the_same_nodes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CORPUS)
    before = compile_files([name], [CORPUS, INCLUDE])
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(print_schemas(before.request))
    after = compile_files([name], [CORPUS, INCLUDE])
    lossy = WITHOUT_LITERALS if name in ("annotations.capnp", "constants.capnp") else set[str]()
    assert comparable(after, lossy) == comparable(before, lossy)


@pytest.mark.parametrize("name", INSTALLED)
def test_printed_schemas_of_the_system_compile_to_the_same_nodes(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(INCLUDE)
    before = compile_files([name], [INCLUDE])
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(print_schemas(before.request))
    assert comparable(compile_files([name], [INCLUDE])) == comparable(before)


def compiled_again(text: str, folder: Path) -> tuple[Compilation, Compilation, str]:
    """Return a schema compiled, its printed form compiled, and that form."""
    (folder / "x.capnp").write_text(text)
    before = compile_files(["x.capnp"])
    printed = print_schemas(before.request)
    (folder / "x.capnp").write_text(printed)
    return before, compile_files(["x.capnp"]), printed


def test_random_schemas_are_printed_and_compiled_to_the_same_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    generator = random.Random(SEED)
    for _ in range(20):
        before, after, printed = compiled_again(schema_text(generator), tmp_path)
        # A random literal may set several members of a union: what is left of the earlier ones is in no text.
        visible = {node.id for node in before.request.nodes if not isinstance(node.body, ConstNode)}
        ours, again = comparable(before), comparable(after)
        assert {key: again[key] for key in visible} == {key: ours[key] for key in visible}
        assert print_schemas(after.request) == printed


@pytest.mark.parametrize("name", CORPUS_FILES)
def test_the_printed_text_is_that_of_the_original_where_it_compiles(name: str) -> None:
    if shutil.which("capnpc-capnp") is None:
        pytest.skip("the capnp program is not installed (Debian package capnproto)")
    environment = {**os.environ, "CAPNP_IGNORE_ISSUE_344": "1"}
    theirs = subprocess.run(
        ["capnp", "compile", "-ocapnp", name], capture_output=True, check=True, cwd=CORPUS, env=environment, text=True
    ).stdout
    ours = print_schemas(
        compile_files([CORPUS / name], [CORPUS, INCLUDE], display_names={str(CORPUS / name): name}).request
    )
    extended = theirs.replace(" superclasses(", " extends(").splitlines()
    changes = difflib.ndiff(extended, ours.splitlines())
    added = [line[2:].strip() for line in changes if line.startswith("+ ") and line.strip(" +}")]
    expected = OWN_LINES.get(name, [])
    indented = [line for line in added if any(line.startswith(start) for start in expected)]
    assert len(indented) == len(expected)
    # What is left are the members of unions that the original puts into a group of their own.
    assert all(line in {line.strip() for line in extended} for line in added if line not in indented)


def test_names_that_are_hidden_are_written_from_the_file_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = """@0xb3b0d4bd3a5c8b01;
    struct Inner { a @0 :Text; }
    struct Outer { inner @0 : .Inner; mine @1 :Inner; struct Inner { b @0 : .Inner; } }
    struct Box(Inner) { content @0 :Inner; other @1 : .Inner; }
    """
    before, after, printed = compiled_again(text, tmp_path)
    assert "inner @0 : .Inner;" in printed
    assert "mine @1 :Inner;" in printed
    assert "content @0 :Inner;" in printed
    assert "other @1 : .Inner;" in printed
    assert comparable(after) == comparable(before)
