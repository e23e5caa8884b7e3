"""Loading schema files."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
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
    with pytest.raises(
        SchemaError, match=r"two versions of a\.capnp:.* cannot be used together: .* the field has another type"
    ):
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


def test_a_type_that_binds_itself_ever_deeper_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "deep.capnp").write_text(
        "@0xc1d2e3f4a5b60724;\nstruct Deep(T) { value @0 :T; next @1 :Deep(Deep(T)); other @2 :Deep(Deep(Deep(T))); }\n"
    )
    deep = caplet.load(tmp_path / "deep.capnp").Deep[str]
    assert deep(value="x", next={"value": {"value": "y"}}).next.value.value == "y"


def zipped(folder: Path) -> Path:
    """Return a zip file with a package whose schemas import each other, and one at its top."""
    archive = folder / "bundle.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("shop/__init__.py", "")
        made.writestr(
            "shop/order.capnp",
            '@0xc1d2e3f4a5b60730; using I = import "parts/item.capnp"; using C = import "/money.capnp";\n'
            "struct Order { item @0 :I.Item; price @1 :C.Money; }\n",
        )
        made.writestr(
            "shop/parts/item.capnp",
            '@0xc1d2e3f4a5b60731; using C = import "../../money.capnp"; struct Item { name @0 :Text; worth @1 :C.Money; }\n',
        )
        made.writestr("money.capnp", "@0xc1d2e3f4a5b60732; struct Money { cents @0 :UInt64; }\n")
    return archive


def test_schemas_in_zip_files_are_loaded_as_resources(tmp_path: Path) -> None:
    root = zipfile.Path(zipped(tmp_path))
    order = caplet.load(root / "shop" / "order.capnp", [root])
    made = order.Order(item={"name": "pen", "worth": {"cents": 3}}, price={"cents": 5})
    assert caplet.load(root / "money.capnp").Money is type(made.as_reader().price)
    with pytest.raises(FileNotFoundError, match=r"none\.capnp"):
        caplet.load(root / "shop" / "none.capnp")
    with pytest.raises(CompileError, match=r"money\.capnp"):
        caplet.SchemaRegistry().load(root / "shop" / "order.capnp")


def test_the_import_hook_finds_schemas_in_zip_files_packages_and_namespace_packages(tmp_path: Path) -> None:
    archive = zipped(tmp_path)
    (tmp_path / "space" / "inner").mkdir(parents=True)
    (tmp_path / "space" / "inner" / "thing.capnp").write_text(TEXT.replace("0xc1d2e3f4a5b60718", "0xc1d2e3f4a5b60733"))
    program = (
        "import caplet, pickle, importlib.resources; caplet.install_import_hook()\n"
        "from shop.order_capnp import Order\n"
        "from space.inner.thing_capnp import One\n"
        "import money_capnp\n"
        "print(Order(price={'cents': 5}).price.cents, One(a='x').a, money_capnp.Money)\n"
        "place = importlib.resources.files('shop') / 'parts' / 'item.capnp'\n"
        "print(caplet.load(place).Item.__name__)\n"
        "try:\n    import nothing_capnp\nexcept ModuleNotFoundError: print('none')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": os.pathsep.join([str(archive), str(tmp_path), *(path for path in sys.path if path)])},
    )
    assert run.stdout == "5 x <class 'money_capnp.Money'>\nItem\nnone\n", run.stderr


def test_an_enum_without_members_keeps_its_number_and_any_pointers_have_defaults(tmp_path: Path) -> None:
    file = tmp_path / "odd.capnp"
    file.write_text('@0xbf5147cbbecf40d1; enum None {} struct S { e @0 :None; any @1 :AnyPointer = "x"; }')
    read = caplet.load(file).S().as_reader()
    assert (int(read.e), read.to_text()) == (0, "(e = (0))")
    assert read.any.text() == "x"


def test_what_is_no_schema_file_is_refused_with_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=f"there is no schema file nothing.capnp in {tmp_path}"):
        caplet.load("nothing.capnp")
    with pytest.raises(FileNotFoundError, match=f"there is no schema file {tmp_path}/nothing.capnp$"):
        caplet.load(tmp_path / "nothing.capnp")
    path: Any
    for path in (5, b"nothing.capnp", None):
        with pytest.raises(TypeError, match=f"expected the path of a schema file, not {type(path).__name__}"):
            caplet.load(path)
