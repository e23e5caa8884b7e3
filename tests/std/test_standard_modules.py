"""The typed modules of the standard schemas: they are fresh, and their classes are those of every schema that uses them."""

from __future__ import annotations

import importlib
import importlib.util
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import caplet
import caplet.std
from caplet.codegen.module_names import STANDARD_MODULES
from caplet.compiler.imports import STANDARD_FILES
from caplet.std import persistent_capnp, schema_capnp, standard_registry

STD = Path(caplet.std.__file__).parent


def test_every_standard_schema_has_its_module() -> None:
    ids = {standard_registry().file(path).id for path in STANDARD_FILES}
    assert ids == set(STANDARD_MODULES)


def test_the_modules_are_fresh() -> None:
    path = Path(__file__).parents[2] / "scripts" / "standard_modules.py"
    spec = importlib.util.spec_from_file_location("standard_modules", path)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    expected = script.texts()
    assert {name for name in expected if name.endswith(".py")} == {file.name for file in STD.glob("*_capnp.py")}
    for name, text in expected.items():
        assert (STD / name).read_text(encoding="utf-8") == text, f"run scripts/standard_modules.py ({name})"


@pytest.mark.parametrize("name", sorted(STANDARD_MODULES.values()))
def test_every_name_of_a_module_can_be_had(name: str) -> None:
    module = importlib.import_module(name)
    assert all(getattr(module, member) is not None for member in dir(module) if not member.startswith("_"))


def test_fields_of_standard_types_have_the_classes_of_the_modules(tmp_path: Path) -> None:
    file = tmp_path / "described.capnp"
    file.write_text(
        '@0xe2d4c6b8a0918273; using Schema = import "/capnp/schema.capnp";'
        ' using P = import "/capnp/persistent.capnp"; struct D { node @0 :Schema.Node; p @1 :P.Persistent(Text, Text); }'
    )
    described = caplet.load(file).D(node={"display_name": "x", "id": 5})
    assert isinstance(described.node, schema_capnp.Node)
    assert caplet.schema_of(persistent_capnp.Persistent).id == 0xC8CB212FCD9F5691
    again = pickle.loads(pickle.dumps(described.as_reader().node))
    assert (type(again).__name__, again.display_name) == ("Node", "x")


def test_a_module_needs_no_compiler() -> None:
    program = (
        "import sys; from caplet.std.schema_capnp import Node; Node(id=1)\n"
        "print([name for name in sys.modules if name.startswith('caplet.compiler')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
