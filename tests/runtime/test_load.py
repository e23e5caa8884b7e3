"""Loading schema files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.errors import CompileError, SchemaError

TEXT = "@0xc1d2e3f4a5b60718;\nstruct One { a @0 :Text; two @1 :Two; struct Two { b @0 :UInt8; } }\nconst three :UInt8 = 3;\n"


def test_constants_are_attributes(shapes: Any) -> None:
    assert shapes.answer == 42
    assert (shapes.origin.x, shapes.origin.y) == (1, 2)
    assert list(shapes.words) == ["a", "b"]
    assert shapes.favourite is shapes.Color.LIGHT_BLUE
    assert shapes.greeting == "hello"


def test_the_same_schema_under_two_paths_gives_the_same_classes(tmp_path: Path) -> None:
    for name in ("first.capnp", "second.capnp"):
        (tmp_path / name).write_text(TEXT)
    first, second = caplet.load(tmp_path / "first.capnp"), caplet.load(tmp_path / "second.capnp")
    assert first.One is second.One
    assert first.One.Two(b=1) == second.One(two={"b": 1}).two
    assert first.three == 3


def test_another_meaning_of_a_known_id_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.capnp").write_text(TEXT.replace("0xc1d2e3f4a5b60718", "0xc1d2e3f4a5b60719"))
    caplet.load(tmp_path / "a.capnp")
    (tmp_path / "a.capnp").write_text(TEXT.replace("0xc1d2e3f4a5b60718", "0xc1d2e3f4a5b60719").replace("UInt8", "Int8"))
    with pytest.raises(SchemaError, match="two different declarations have the id"):
        caplet.load(tmp_path / "a.capnp")


def test_files_import_each_other_and_load_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner.capnp").write_text("@0xc1d2e3f4a5b60720;\nstruct Inner { x @0 :UInt8; }\n")
    (tmp_path / "outer.capnp").write_text(
        '@0xc1d2e3f4a5b60721;\nusing In = import "sub/inner.capnp";\nstruct Outer { inner @0 :In.Inner; }\n'
    )
    outer = caplet.load(tmp_path / "outer.capnp")
    inner = caplet.load(tmp_path / "sub" / "inner.capnp")
    assert isinstance(outer.Outer(inner={"x": 5}).inner, inner.Inner)


def test_what_cannot_be_loaded_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"missing\.capnp"):
        caplet.load(tmp_path / "missing.capnp")
    (tmp_path / "bad.capnp").write_text("@0xc1d2e3f4a5b60722;\nstruct Bad { a @0 :Txt; }\n")
    with pytest.raises(CompileError, match="Txt"):
        caplet.load(tmp_path / "bad.capnp")


def test_an_unknown_name_of_a_file_names_the_nearest(shapes: Any) -> None:
    with pytest.raises(AttributeError, match="no type or constant 'Shap'; did you mean Shape"):
        _ = shapes.Shap
    assert "Shape" in dir(shapes)


def test_the_import_hook_loads_schemas_beside_modules(tmp_path: Path) -> None:
    (tmp_path / "my-types.capnp").write_text(TEXT.replace("0xc1d2e3f4a5b60718", "0xc1d2e3f4a5b60723"))
    program = (
        "import caplet; caplet.install_import_hook(); caplet.install_import_hook()\n"
        "import my_types_capnp\n"
        "from my_types_capnp import One\n"
        "print(repr(One(a='x')), my_types_capnp.__name__)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join([str(tmp_path), *(path for path in sys.path if path)])},
    )
    assert run.stdout == "One(a='x') my_types_capnp\n", run.stderr


def test_importing_caplet_loads_no_compiler_loop_or_typing_machinery() -> None:
    program = "import sys; before = set(sys.modules); import caplet; print(*sorted(set(sys.modules) - before))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    loaded = run.stdout.split()
    assert "caplet.errors" in loaded, run.stderr
    assert not [name for name in loaded if name.startswith(("asyncio", "caplet.compiler", "caplet.aio", "numpy"))]


def test_a_type_that_binds_itself_ever_deeper_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "deep.capnp").write_text(
        "@0xc1d2e3f4a5b60724;\nstruct Deep(T) { value @0 :T; next @1 :Deep(Deep(T)); other @2 :Deep(Deep(Deep(T))); }\n"
    )
    deep = caplet.load(tmp_path / "deep.capnp").Deep[str]
    assert deep(value="x", next={"value": {"value": "y"}}).next.value.value == "y"
