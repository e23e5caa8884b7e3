"""What the language means, where the original's packaged version is older or silent."""

from __future__ import annotations

import math
import re
import zipfile
from pathlib import Path

import pytest

from caplet.compiler import CompiledFile, compile_file, compile_files, compile_text
from caplet.errors import CompileError
from caplet.schema.model import (
    AnyPointerConstraint,
    ConstNode,
    InterfaceNode,
    Node,
    Slot,
    StructNode,
    TypeKind,
    Value,
)
from caplet.wire.framing import frame
from caplet.wire.message import MessageBuilder, MessageReader


def node(compiled: CompiledFile, path: str) -> Node:
    return compiled.registry.find(compiled.id, path)


def constant(text: str, name: str = "x") -> Value:
    body = node(compile_text(text), name).body
    assert isinstance(body, ConstNode)
    return body.value


def root(value: Value):
    assert isinstance(value.content, bytes)
    return MessageReader([value.content]).root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("0x1F", 31),
        ("017", 15),
        ("1_", None),
        ("-0", 0),
        ("18446744073709551615", 2**64 - 1),
    ],
)
def test_integers_are_decimal_hexadecimal_or_octal(text: str, expected: int | None) -> None:
    if expected is None:
        with pytest.raises(CompileError):
            constant(f"const x :UInt64 = {text};")
    else:
        assert constant(f"const x :UInt64 = {text};").content == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.", 1.0), ("1.5e-3", 0.0015), ("2E+2", 200.0), ("3e2", 300.0), ("-inf", -math.inf), ("7", 7.0)],
)
def test_floats_have_points_exponents_and_names(text: str, expected: float) -> None:
    assert constant(f"const x :Float64 = {text};").content == expected


def test_a_number_too_large_for_float32_becomes_infinite() -> None:
    assert constant("const x :Float32 = -1e40;").content == -math.inf


def test_not_a_number_equals_itself_as_a_value() -> None:
    assert constant("const x :Float32 = nan;") == constant("const x :Float32 = nan;")


def test_strings_next_to_each_other_are_joined() -> None:
    assert constant('const x :Text = "a" "b\\n"\n  "\\x63\\104";').content == "ab\ncD"


def test_lines_with_a_backtick_are_text_as_it_stands() -> None:
    text = 'const x :Text =\n  `one "quoted" \\n\n  `two\n  "three";'
    assert constant(text).content == 'one "quoted" \\n\ntwo\nthree'
    assert constant("const x :Text = `windows\r\n;").content == "windows\n"


def test_data_is_given_as_text_or_as_hexadecimal_digits() -> None:
    assert constant('const x :Data = 0x"a1 40\n ff";').content == b"\xa1\x40\xff"
    assert constant('const x :Data = "a\\xff\\0";').content == b"a\xff\x00"


def test_a_value_that_is_not_a_tuple_is_the_first_field_of_a_struct() -> None:
    text = """
        struct S { a @0 :Int32; b @1 :Text; }
        struct T { s @0 :S; g :group { c @1 :Text; d @2 :Int8; } l @3 :List(S); }
        const x :T = (s = 7, g = "in a group", l = [1, (a = 2, b = "x"), .y]);
        const y :Int32 = 3;
        const z :S = .y;
    """
    found = root(constant(text)).struct()
    assert found.struct(0).i32(0) == 7
    assert found.text(1) == "in a group"
    assert [found.list(2).struct(index).i32(0) for index in range(3)] == [1, 2, 3]
    assert root(constant(text, "z")).struct().i32(0) == 3


def test_any_pointer_takes_text_structs_and_lists() -> None:
    text = """
        const a :AnyPointer = "text";
        const b :AnyPointer = .c;
        const c :List(Int16) = [1, 2];
        const d :AnyList = .c;
        const e :AnyStruct = .f;
        const f :S = (a = 5);
        struct S { a @0 :Int8; any @1 :AnyPointer = "x"; }
    """
    assert root(constant(text, "a")).text() == "text"
    assert root(constant(text, "b")).list().u16(1) == 2
    assert root(constant(text, "d")).list().u16(0) == 1
    assert root(constant(text, "e")).struct().i8(0) == 5
    with pytest.raises(CompileError, match="AnyList"):
        constant(text + "const x :AnyList = .f;")


def test_fields_and_elements_of_constants_are_constants() -> None:
    text = """
        struct S { a @0 :Int8 = 4; b @1 :Text; c @2 :List(S); d @3 :Bool = true; e @4 :E; f @5 :Float32; }
        enum E { one @0; two @1; }
        const s :S = (b = "x", c = [(a = 1), (a = -2, e = two, f = 1.5)]);
        const a :Int32 = .s.a;
        const b :Text = .s.b;
        const c :Int8 = .s.c[1].a;
        const d :Bool = .s.d;
        const e :E = .s.c[1].e;
        const f :Float64 = .s.c[1].f;
        const g :S = .s.c[0];
        const h :List(S) = .s.c;
        const i :List(Bool) = [true, false];
        const j :Bool = .i[1];
        const k :List(Text) = ["p", "q"];
        const l :Text = .k[1];
    """
    expected = {"a": 4, "b": "x", "c": -2, "d": True, "e": 1, "f": 1.5, "j": False, "l": "q"}
    assert {name: constant(text, name).content for name in expected} == expected
    assert root(constant(text, "g")).struct().u8(0) == 1 ^ 4
    assert len(root(constant(text, "h")).list()) == 2
    for wrong in (".s.x", ".k[2]", ".a[0]", ".a.b", ".s.c[1]"):
        with pytest.raises(CompileError):
            constant(text + f"const x :Int32 = {wrong};")


def test_fields_of_groups_and_active_members_of_constants_are_constants() -> None:
    schema = """
        struct P { g :group { a @0 :Int32 = 7; h :group { t @1 :Text; } } union { u @2 :Void; w @3 :Text; c :group { d @4 :Int8; } } }
        const p :P = (g = (a = 5, h = (t = "q")), w = "w");
        const number :Int32 = .p.g.a;
        const text :Text = .p.g.h.t;
        const member :Text = .p.w;
    """
    assert [constant(schema, name).content for name in ("number", "text", "member")] == [5, "q", "w"]
    for wrong, problem in (
        ("const x :P = .p.g;", "'.p.g' is a group, which is no value by itself; name a field of it"),
        ("const x :AnyPointer = .p.g.h;", "'.p.g.h' is a group"),
        ("const x :Int8 = .p.c.d;", "'c' is not the active member of its union in this value"),
        ("const x :Void = .p.u;", "'u' is not the active member of its union in this value"),
        ("const x :Int32 = .p.g.b;", "the group 'g' has no field named 'b'"),
    ):
        with pytest.raises(CompileError, match=re.escape(problem)):
            compile_text(schema + wrong)


def test_constants_of_enums_are_values_of_that_enum_only() -> None:
    text = "enum E { a @0; b @1; } enum F { b @0; } const e :E = b; struct S { e @0 :E = .e; }"
    body = node(compile_text(text), "S").body
    assert isinstance(body, StructNode)
    assert isinstance(body.fields[0].body, Slot)
    assert body.fields[0].body.default == Value(TypeKind.ENUM, 1)
    with pytest.raises(CompileError, match=r"of type F, but .\.e. is of type E"):
        compile_text(text + "const f :F = .e;")


def test_defaults_of_a_struct_may_be_values_of_that_struct() -> None:
    compiled = compile_text("struct S { a @0 :S = (b = 5); b @1 :Int32 = 3; }")
    body = node(compiled, "S").body
    assert isinstance(body, StructNode)
    slot = body.fields[0].body
    assert isinstance(slot, Slot)
    assert root(slot.default).struct().u32(0) == 5 ^ 3


def test_embedded_files_give_text_data_and_structs() -> None:
    message = MessageBuilder()
    struct = message.root.init_struct(1, 1)
    struct.set_u32(0, 77)
    struct.set_text(0, "inside")
    files = {
        "m.bin": b"".join(bytes(part) for part in frame(message.output())),
        "t.txt": b"text \xc3\xbc",
        "bad": b"\xff" * 9,
    }
    text = 'struct S { a @0 :UInt32; b @1 :Text; } const x :%s = embed "%s";'

    def embedded(type_name: str, file: str) -> Value:
        body = node(compile_text(text % (type_name, file), files=files), "x").body
        assert isinstance(body, ConstNode)
        return body.value

    found = root(embedded("S", "m.bin")).struct()
    assert (found.u32(0), found.text(0)) == (77, "inside")
    assert embedded("Text", "t.txt").content == "text ü"
    assert embedded("Data", "bad").content == b"\xff" * 9
    for type_name, file in (("S", "bad"), ("S", "t.txt"), ("Text", "bad"), ("Int32", "bad"), ("Data", "missing")):
        with pytest.raises(CompileError):
            embedded(type_name, file)


def test_streaming_methods_have_the_standard_result() -> None:
    compiled = compile_text("interface I { write @0 (bytes :Data) -> stream; }")
    body = node(compiled, "I").body
    assert isinstance(body, InterfaceNode)
    assert body.methods[0].result_struct_type == 0x995F9A3377C0B16E
    assert compiled.registry.get(0x995F9A3377C0B16E).name == "StreamResult"
    assert [found.name for found in compiled.imports] == ["/capnp/stream.capnp"]


def test_cyclic_imports_are_fine() -> None:
    compiled = compile_text(
        'using B = import "b.capnp"; struct A { b @0 :B.B; }',
        "a.capnp",
        files={"b.capnp": 'using A = import "a.capnp"; struct B { a @0 :A.A; }'},
    )
    assert compiled.registry.file("b.capnp").nested_nodes[0].name == "B"


def test_imports_are_relative_absolute_standard_or_on_the_import_path(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    files = {
        "main.capnp": '@0xf000000000000001; using A = import "sub/a.capnp"; using C = import "/deep/c.capnp";'
        " struct M { a @0 :A.A; c @1 :C.C; }",
        "sub/a.capnp": '@0xf000000000000002; struct A { b @0 :import "../b.capnp".B; }',
        "b.capnp": '@0xf000000000000003; using Schema = import "/capnp/schema.capnp"; struct B { n @0 :Schema.Node; }',
        "lib/deep/c.capnp": '@0xf000000000000004; struct C { d @0 :import "d.capnp".D; }',
        "lib/deep/d.capnp": "@0xf000000000000005; struct D {}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    compiled = compile_file(tmp_path / "main.capnp", [tmp_path / "lib"], display_name="main.capnp")
    assert set(compiled.registry.files) >= {"main.capnp", "sub/a.capnp", "b.capnp", "deep/c.capnp", "deep/d.capnp"}
    with pytest.raises(CompileError, match=r"/deep/c\.capnp"):
        compile_file(tmp_path / "main.capnp")
    with pytest.raises(CompileError, match=r"/capnp/schema\.capnp"):
        compile_file(tmp_path / "b.capnp", standard_import=False)


def test_imports_work_inside_zip_files(tmp_path: Path) -> None:
    archive = tmp_path / "schemas.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("lib/a.capnp", '@0xf000000000000001; struct A { b @0 :import "sub/b.capnp".B; }')
        file.writestr("lib/sub/b.capnp", "@0xf000000000000002; struct B {}")
    compiled = compile_text('struct M { a @0 :import "/a.capnp".A; }', import_path=[zipfile.Path(archive, "lib/")])
    assert set(compiled.registry.files) == {"schema.capnp", "a.capnp", "sub/b.capnp"}


def test_the_same_content_under_two_paths_is_one_schema(tmp_path: Path) -> None:
    text = "@0xf000000000000001; struct A {}"
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    (tmp_path / "one" / "a.capnp").write_text(text)
    (tmp_path / "two" / "a.capnp").write_text(text)
    compiled = compile_files([tmp_path / "one" / "a.capnp", tmp_path / "two" / "a.capnp"])
    assert len({file.id for file in compiled.files}) == 1
    (tmp_path / "two" / "a.capnp").write_text(text + " struct B {}")
    with pytest.raises(CompileError, match="used already"):
        compile_files([tmp_path / "one" / "a.capnp", tmp_path / "two" / "a.capnp"])


def test_doc_comments_are_kept_with_their_members() -> None:
    compiled = compile_text(
        "struct S {\n  # Of S.\n  a @1 :Text;\n  # Of a.\n  b @0 :Text;  # Of b,\n               # in two lines.\n}"
    )
    info = compiled.registry.source_info(node(compiled, "S").id)
    assert info is not None
    assert info.doc_comment == "Of S.\n"
    assert [member.doc_comment for member in info.members] == ["Of b,\nin two lines.\n", "Of a.\n"]


def test_identifiers_say_what_names_refer_to() -> None:
    text = 'const é :Text = "é"; struct S { a @0 :S; b @1 :E = two; } enum E { one @0; two @1; }'.replace(
        "const é", "const e"
    )
    compiled = compile_text(text)
    data = text.encode()
    found = {
        data[item.start_byte : item.end_byte].decode(): (item.type_id, item.member_ordinal)
        for item in compiled.identifiers
    }
    enum_id = node(compiled, "E").id
    assert found == {"S": (node(compiled, "S").id, None), "E": (enum_id, None), "two": (enum_id, 1)}


def test_nodes_say_where_they_stand_in_the_file() -> None:
    text = "# é\nstruct S {\n  g :group { a @0 :Text; }\n}\n"
    compiled = compile_text(text)
    data = text.encode()
    struct = node(compiled, "S")
    (group,) = compiled.registry.groups(struct.id)
    assert data[struct.start_byte : struct.end_byte].decode() == "struct S {\n  g :group { a @0 :Text; }\n}"
    assert data[group.start_byte : group.end_byte].decode() == "g :group { a @0 :Text; }"


def test_builtin_pointer_types_are_told_apart() -> None:
    compiled = compile_text("struct S { a @0 :AnyPointer; b @1 :AnyStruct; c @2 :AnyList; d @3 :Capability; }")
    body = node(compiled, "S").body
    assert isinstance(body, StructNode)
    constraints = [field.body.type.constraint for field in body.fields]  # type: ignore[union-attr]
    assert constraints == list(AnyPointerConstraint)


def test_a_group_of_the_worst_old_layout_is_laid_out_without_overlaps() -> None:
    """A layout that early versions of the original computed wrongly; the places were checked by hand."""
    compiled = compile_text("struct S { union { a :union { b @0 :UInt8; c @1 :UInt16; } d @2 :UInt32; } }")
    body = node(compiled, "S").body
    assert isinstance(body, StructNode)
    assert (body.data_word_count, body.discriminant_count) == (1, 2)


def test_a_text_without_an_id_gets_one_from_its_name() -> None:
    first, second = compile_text("struct A {}", "a.capnp"), compile_text("struct B {}", "a.capnp")
    assert first.id == second.id
    assert first.id != compile_text("struct A {}", "b.capnp").id
