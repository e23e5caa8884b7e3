"""Generated modules: the same classes as by the other ways, behind the original compiler too, and in other processes."""

from __future__ import annotations

import ast
import importlib
import os
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import caplet
from caplet.codegen import write_modules
from caplet.codegen.modules import module_text
from caplet.codegen.stubs import stub_text
from caplet.compiler import compile_files
from caplet.tools.cli import main

FILES = Path(__file__).parent / "types"
SOURCE = Path(caplet.__file__).parent.parent
NAMES = ("Person", "Map", "Book", "Nothing", "Calculator", "Better", "Store", "answer", "origin")


def python(folder: Path, code: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), str(SOURCE)])}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("modules")
    for name in ("every.capnp", "other.capnp"):
        shutil.copy(FILES / name, made)
    names = {str(made / name): name for name in ("every.capnp", "other.capnp")}
    write_modules(compile_files(list(names), display_names=names).request, made)
    return made


@pytest.fixture
def every(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module("every_capnp")


def test_the_three_ways_give_the_same_classes(every: ModuleType, folder: Path) -> None:
    loaded = caplet.load(folder / "every.capnp")
    hooked = folder / "hooked"
    hooked.mkdir(exist_ok=True)
    for name in ("every.capnp", "other.capnp"):
        shutil.copy(FILES / name, hooked)
    code = (
        "import sys, caplet; caplet.install_import_hook(); import every_capnp as hooked\n"
        "sys.modules.pop('every_capnp'); sys.path.insert(0, sys.argv[1]); import every_capnp as made\n"
        "assert hooked is not made and type(hooked) is not type(made)\n"
        f"print(all(getattr(hooked, name) is getattr(made, name) for name in {NAMES[:7]!r}))\n"
    )
    assert python(hooked, code, str(folder)) == "True\n"
    for name in NAMES[:7]:
        assert getattr(loaded, name) is getattr(every, name)
    assert (every.answer, every.origin.x) == (42, 1)


def test_a_module_does_not_need_the_compiler(folder: Path) -> None:
    code = "import sys, every_capnp; every_capnp.Person(name='x'); print([m for m in sys.modules if m.startswith('caplet.compiler')])"
    assert python(folder, code) == "[]\n"


def test_objects_can_be_pickled_into_other_processes(every: ModuleType, folder: Path) -> None:
    (folder / "person.pickle").write_bytes(pickle.dumps(every.Person(name="Alice")))
    code = "import pickle; print(pickle.load(open('person.pickle', 'rb')).name)"
    assert python(folder, code) == "Alice\n"


def test_a_name_that_is_not_there_is_an_attribute_error(every: ModuleType) -> None:
    with pytest.raises(AttributeError, match="no type or constant 'Nobody'"):
        every.Nobody  # noqa: B018
    assert "Person" in dir(every)


def test_the_command_line_writes_modules_into_a_directory(folder: Path, tmp_path: Path) -> None:
    assert main(["compile", "-o", f"python:{tmp_path}", f"--src-prefix={folder}", str(folder / "other.capnp")]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["other_capnp.py", "other_capnp.pyi"]


@pytest.mark.skipif(shutil.which("capnp") is None, reason="the original compiler is not installed")
def test_the_plugin_works_behind_the_original_compiler(folder: Path, tmp_path: Path) -> None:
    plugin = tmp_path / "capnpc-caplet"
    plugin.write_text(f"#!{sys.executable}\nimport sys\nfrom caplet.codegen.modules import main\nsys.exit(main())\n")
    plugin.chmod(0o755)
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    output = tmp_path / "out"
    output.mkdir()
    command = ["capnp", "compile", f"-o{plugin}:{output}", "every.capnp", "other.capnp"]
    subprocess.run(command, cwd=folder, env=environment, check=True)
    assert (output / "every_capnp.pyi").read_text() == (folder / "every_capnp.pyi").read_text()
    assert python(output, "import every_capnp; print(every_capnp.Person(name='x').name)") == "x\n"


def test_no_name_of_a_file_can_be_code(tmp_path: Path) -> None:
    source = tmp_path / "plain.capnp"
    source.write_text("@0xb3c1d5e7f9a2b4c6;\nstruct Point { x @0 :Int32; }\n")
    for name in ('"""\nraise SystemExit(7)\n"""', "'\nraise SystemExit(7)", "\\\nraise SystemExit(7)"):
        request = compile_files([str(source)], display_names={str(source): f"{name}.capnp"}).request
        [file] = request.requested_files
        for text in (module_text(request, file), stub_text(request, file)):
            statements = ast.parse(text).body
            assert not any(isinstance(statement, ast.Raise) for statement in statements)


def test_comments_are_kept_and_annotations_can_be_read(every: ModuleType, folder: Path) -> None:
    assert "Of a field." in (every.Noted.__doc__ or "")
    assert every.note.of(every.Noted) == "text"
    assert every.spot.of(every.Noted).x == 3
    assert caplet.schema_of(every).nested["Noted"] == caplet.schema_of(every.Noted)
    stub = (folder / "every_capnp.pyi").read_text()
    found = {node.name: ast.get_docstring(node) for node in ast.parse(stub).body if isinstance(node, ast.ClassDef)}
    assert found["Noted"] == caplet.schema_of(every.Noted).doc
