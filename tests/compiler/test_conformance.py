"""Our nodes are those of the original compiler, field for field and in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest

from caplet.compiler import compile_files
from caplet.compiler.compile import Compilation
from caplet.schema.codec import decode_request, encode_request
from caplet.schema.model import CodeGeneratorRequest, Node, RequestedFile, SourceInfo
from caplet.schema.records import replace

CORPUS = Path(__file__).parent / "corpus"
CORPUS_FILES = sorted(path.name for path in CORPUS.glob("*.capnp"))
CLAUSES = Path(__file__).parent / "clauses"
"""One small schema for each clause of the language, named after it."""
CLAUSE_FILES = sorted(path.name for path in CLAUSES.glob("*.capnp"))
INCLUDE = Path("/usr/include/capnp")
INSTALLED = [*sorted(INCLUDE.glob("*.capnp")), *sorted((INCLUDE / "compat").glob("*.capnp"))]


def older(node: Node) -> Node:
    """Leaves out what version 0.9 of the tool does not know."""
    return replace(node, start_byte=0, end_byte=0)


def older_info(info: SourceInfo) -> SourceInfo:
    return replace(info, start_byte=0, end_byte=0)


def older_file(file: RequestedFile) -> RequestedFile:
    return replace(file, identifiers=None)


def compare(ours: Compilation, theirs: CodeGeneratorRequest) -> None:
    for our_node, their_node in zip(ours.nodes, theirs.nodes, strict=False):
        assert older(our_node) == their_node
    assert len(ours.nodes) == len(theirs.nodes)
    assert [older_file(file) for file in ours.requested_files] == list(theirs.requested_files)
    # The tool gives the structs of parameter lists the id 0 here.
    our_infos = {info.id: older_info(info) for info in ours.source_info}
    for their_info in theirs.source_info:
        if their_info.id:
            assert our_infos[their_info.id] == their_info


@pytest.mark.parametrize("name", CORPUS_FILES)
def test_nodes_of_the_corpus_equal_those_of_the_tool(tool, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CORPUS)
    compare(compile_files([name], [INCLUDE.parent]), tool.compile([name], CORPUS))


def test_nodes_of_the_whole_corpus_compiled_together_equal_those_of_the_tool(
    tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CORPUS)
    compare(compile_files(CORPUS_FILES, [INCLUDE.parent]), tool.compile(CORPUS_FILES, CORPUS))


@pytest.mark.parametrize("name", CLAUSE_FILES)
def test_nodes_of_each_clause_equal_those_of_the_tool(tool, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CLAUSES)
    compare(compile_files([name], [INCLUDE.parent]), tool.compile([name], CLAUSES))


@pytest.mark.parametrize("path", INSTALLED, ids=lambda path: path.name)
def test_nodes_of_installed_schemas_equal_those_of_the_tool(tool, path: Path) -> None:
    compare(compile_files([path], [INCLUDE.parent]), tool.compile([path]))


@pytest.mark.parametrize("name", CORPUS_FILES)
def test_requests_survive_a_round_trip_through_their_bytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CORPUS)
    compilation = compile_files([name])
    request = CodeGeneratorRequest(compilation.nodes, compilation.requested_files, compilation.source_info)
    assert decode_request(encode_request(request)) == request


def test_the_tool_reads_our_requests(tool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plugin that prints schemas back prints the same for our request as for the tool's own."""
    import subprocess

    monkeypatch.chdir(CORPUS)
    for name in CORPUS_FILES:
        compilation = compile_files([name], [INCLUDE.parent])
        request = CodeGeneratorRequest(compilation.nodes, compilation.requested_files, compilation.source_info)
        ours = subprocess.run(["capnpc-capnp"], input=encode_request(request), capture_output=True, check=True)
        theirs = subprocess.run(
            ["capnp", "compile", "-ocapnp", name],
            capture_output=True,
            check=True,
            env={"PATH": "/usr/bin:/bin", "CAPNP_IGNORE_ISSUE_344": "1"},
        )
        assert ours.stdout == theirs.stdout
