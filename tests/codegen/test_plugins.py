"""Code generators of other languages run behind our compiler."""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from caplet.codegen import find_plugin, run_plugin
from caplet.compiler import compile_files
from caplet.errors import PluginError
from caplet.schema.codec import decode_request

CORPUS = Path(__file__).parent.parent / "compiler" / "corpus"


def plugin(path: Path, text: str) -> str:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def request_of_corpus(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(CORPUS)
    return compile_files(["types.capnp", "layout.capnp"]).request


def test_a_generator_reads_the_request_and_writes_into_the_directory(request_of_corpus, tmp_path: Path) -> None:
    program = plugin(tmp_path / "capnpc-keep", "cat > kept\n")
    output = tmp_path / "out"
    output.mkdir()
    run_plugin(program, request_of_corpus, output)
    assert decode_request((output / "kept").read_bytes()) == request_of_corpus


def test_a_generator_is_found_in_the_search_path(
    request_of_corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = plugin(tmp_path / "capnpc-nothing", "cat > /dev/null\n")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_plugin("nothing") == program
    run_plugin("nothing", request_of_corpus)


def test_a_missing_generator_is_named(request_of_corpus, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="capnpc-nonesuch"):
        run_plugin("nonesuch", request_of_corpus)
    with pytest.raises(PluginError, match="not a program"):
        run_plugin(str(tmp_path / "missing"), request_of_corpus)


def test_a_missing_directory_is_named(request_of_corpus, tmp_path: Path) -> None:
    program = plugin(tmp_path / "capnpc-keep", "cat > kept\n")
    with pytest.raises(PluginError, match="not a directory"):
        run_plugin(program, request_of_corpus, tmp_path / "missing")


def test_a_generator_that_fails_is_an_error(request_of_corpus, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="exit code 7"):
        run_plugin(plugin(tmp_path / "capnpc-fails", "cat > /dev/null; exit 7\n"), request_of_corpus)
    with pytest.raises(PluginError, match="signal 9"):
        run_plugin(plugin(tmp_path / "capnpc-dies", "cat > /dev/null; kill -9 $$\n"), request_of_corpus)


def test_the_cxx_generator_accepts_our_request_and_its_output_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("capnpc-c++") is None:
        pytest.skip("the generator capnpc-c++ is not installed (Debian package capnproto)")
    monkeypatch.chdir(CORPUS)
    names = ["types.capnp", "interfaces.capnp"]
    run_plugin("c++", compile_files(names).request, tmp_path)
    if shutil.which("g++") is None or not Path("/usr/include/capnp/generated-header-support.h").exists():
        pytest.skip("g++ or the headers of Cap'n Proto are not installed (Debian packages g++, libcapnp-dev)")
    for name in names:
        subprocess.run(
            ["g++", "-std=c++17", "-fsyntax-only", "-I", str(tmp_path), str(tmp_path / f"{name}.c++")], check=True
        )
