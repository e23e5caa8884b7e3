"""What the compiler says about wrong schemas: where, what was expected, and what to do."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from caplet.compiler import compile_file, compile_files, compile_text
from caplet.errors import CompileError

WRONG = [
    (
        "struct A { a @0 :Int32 }",
        [
            "1:22: error: expected ';' after this, before the '}'",
        ],
    ),
    (
        "struct A { a @0 Int32; }",
        [
            "1:17-21: error: expected ':' and the field's type, not 'Int32'",
        ],
    ),
    (
        "struct A { a :Int32; }",
        [
            "1:14: error: 'a' needs its number before the type: 'a @0 :Type'",
        ],
    ),
    (
        "struct A { a @0; }",
        [
            "1:16: error: expected ':' and the field's type, but the statement ends here",
        ],
    ),
    (
        "struct A { a @0 :; }",
        [
            "1:18: error: expected a type, name or value, but the statement ends here",
        ],
    ),
    (
        "struct a { }",
        [
            "1:8: error: the name of a type begins with a capital letter: 'A'",
        ],
    ),
    (
        "struct A { B @0 :Int32; a_b @1 :Text; }",
        [
            "1:12: error: the name of a field begins with a lower-case letter: 'b'",
            "1:25-27: error: names are written in camelCase, without underscores: 'aB' (generated code follows the customs of its language)",
        ],
    ),
    (
        "struct A",
        [
            "1:8: error: expected ';' or a '{' block after this; the file ends here",
        ],
    ),
    (
        "struct A;",
        [
            "1:9: error: expected a block '{ … }' with the members of the struct, not ';'",
        ],
    ),
    (
        "struct A { a @0 :Int32;",
        [
            "1:10: error: this '{' is never closed; add '}'",
        ],
    ),
    (
        "struct A { a @0 :Int3; }",
        [
            "1:18-21: error: 'Int3' is not defined; did you mean 'Int32' or 'UInt32' or 'Int8'?",
        ],
    ),
    (
        "struct A { a @0 :text; }",
        [
            "1:18-21: error: 'text' is not defined; did you mean 'Text'?",
        ],
    ),
    (
        "struct A { a @1 :Int32; }",
        [
            "1:15: error: the number @0 is missing before @1; numbers start at @0 and have no gaps",
        ],
    ),
    (
        "struct A { a @0 :Int32; b @0 :Int32; }",
        [
            "1:28: error: the number @0 is used already at 1:15; every member needs its own",
        ],
    ),
    (
        "struct A { a @0 :Int32; a @1 :Int32; }",
        [
            "1:25: error: 'a' is defined already, at 1:12; rename one of the two",
        ],
    ),
    (
        'struct A { a @0 :Int32 = "x"; }',
        [
            "1:26-28: error: expected a value of type Int32, not a string",
        ],
    ),
    (
        "struct A { a @0 :Int8 = 300; }",
        [
            "1:25-27: error: 300 does not fit into Int8, which holds -128 to 127",
        ],
    ),
    (
        "struct A { a @0 :Bool = 1; }",
        [
            "1:25: error: expected a value of type Bool, not the number 1; write true or false",
        ],
    ),
    (
        "struct A { a @0 :Text = 5; }",
        [
            '1:25: error: expected a value of type Text, not the number 5; write "…"',
        ],
    ),
    (
        "struct A { a @0 :List(Int32) = 5; }",
        [
            "1:32: error: expected a value of type List(Int32), not the number 5; write [element, …]",
        ],
    ),
    (
        'struct A { a @0 :List(Int32) = [1, "x", 2.5]; }',
        [
            "1:36-38: error: expected a value of type Int32, not a string",
            "1:41-43: error: expected a value of type Int32, not the number 2.5",
        ],
    ),
    (
        "struct A { a @0 :List; }",
        [
            "1:18-21: error: 'List' needs the type of its elements: List(Type)",
        ],
    ),
    (
        "struct A { a @0 :List(Int32, Text); }",
        [
            "1:18-34: error: 'List' takes 1 generic parameter, but 2 given",
        ],
    ),
    (
        "struct A { a @0 :List(AnyPointer); }",
        [
            "1:18-33: error: a list cannot hold AnyPointer, since the size of its elements would be unknown; use a struct with such a field",
        ],
    ),
    (
        "struct A { a @0 :Int32(Text); }",
        [
            "1:18-28: error: 'Int32' takes no generic parameters, but 1 given",
        ],
    ),
    (
        "struct A(T) { a @0 :A(Int32); b @1 :A(Text, Text); c @2 :List(T); d @3 :T(Text); e @4 :T.x; }",
        [
            "1:23-27: error: 'Int32' cannot be bound to a generic parameter: only structs, interfaces, lists, Text, Data and AnyPointer can; wrap it in a struct",
            "1:37-49: error: 'A' takes 1 generic parameter, but 2 given",
            "1:58-64: error: a list cannot hold a generic parameter, since the size of its elements would be unknown; use a struct with such a field",
            "1:73-79: error: 'T' is itself a generic parameter and takes none",
            "1:90: error: a generic parameter has no members",
        ],
    ),
    (
        "struct A(T) { a @0 :T = 5; }",
        [
            "1:25: error: a value cannot be given here: the type is a generic parameter, which is not bound yet",
        ],
    ),
    (
        "struct A { a @0 :B.C; } struct B {}",
        [
            "1:20: error: 'B' declares nothing named 'C'",
        ],
    ),
    (
        "struct A { a @0 :A = (b = 1); }",
        [
            "1:23: error: A has no field named 'b'",
        ],
    ),
    (
        "struct A { a @0 :A = (1); }",
        [
            "1:23: error: expected a value of type A, not the number 1; write (field = value, …)",
        ],
    ),
    (
        "struct A { a @0 :A = (1, 2); }",
        [
            "1:23: error: expected 'field = value'; the fields of a struct are given by name",
            "1:26: error: expected 'field = value'; the fields of a struct are given by name",
        ],
    ),
    (
        "struct A { u :union { a @0 :Int32; } }",
        [
            "1:12: error: a union needs at least two members",
        ],
    ),
    (
        "struct A { union { a @0 :Int32; b @1 :Int32; } union { c @2 :Int32; d @3 :Int32; } }",
        [
            "1:48-52: error: the struct has an unnamed union already, at 1:12; give one of the two a name",
        ],
    ),
    (
        "struct A { g :group { } }",
        [
            "1:12: error: the group 'g' is empty; add a field, or remove it",
        ],
    ),
    (
        "struct A { u @0 :union { a @1 :Int32; b @2 :Text; } }",
        [
            "1:15: error: a union needs no number; remove '@0', or write '@0! :union' if fields of an existing struct became a union and the number must stay",
        ],
    ),
    (
        "struct A { u @2! :union { a @0 :Int32; b @1 :Text; } }",
        [
            "1:15: error: the number of a union must come before those of all its members but one: only a single old field can have become a union",
        ],
    ),
    (
        "enum E { a @0; b @2; }",
        [
            "1:19: error: the number @1 is missing before @2; numbers start at @0 and have no gaps",
        ],
    ),
    (
        "enum E { a; }",
        [
            "1:11: error: an enumerant needs its number: 'name @0'",
        ],
    ),
    (
        "enum E { a @0 :Int32; }",
        [
            "1:15: error: expected ';', not ':'",
        ],
    ),
    (
        "enum E { struct A {} }",
        [
            "1:10-15: error: an enum holds only enumerants ('name @0'); move this declaration out of it",
        ],
    ),
    (
        "const e :E = c; enum E { a @0; b @1; }",
        [
            "1:14: error: 'c' is not an enumerant of E; it has a, b",
        ],
    ),
    (
        "const a :Int32 = b; const b :Int32 = 1;",
        [
            "1:18: error: the name of a constant must be qualified, so that it is not mistaken for an enumerant: write '.b'",
        ],
    ),
    (
        "const a :Int32 = .b; const b :Int32 = .a;",
        [
            "1:28: error: the value of 'b' depends on itself; break the cycle",
        ],
    ),
    (
        "struct P { p @0 :P; any @1 :AnyPointer; } const n :P = (p = .n); const m :P = (any = .o); const o :List(P) = [.m];",
        [
            "1:49: error: the value of 'n' depends on itself; break the cycle",
            "1:72: error: the value of 'm' depends on itself; break the cycle",
        ],
    ),
    (
        "const a :Int32 = .S; struct S {}",
        [
            "1:18-19: error: '.S' is not a constant, so that it has no value",
        ],
    ),
    (
        "const a :Text = .b; const b :Int32 = 1;",
        [
            "1:17-18: error: expected a value of type Text, but '.b' is of type Int32",
        ],
    ),
    (
        'const a :Data = 0x"abc";',
        [
            '1:17-23: error: a data literal holds one or more pairs of hexadecimal digits, as in 0x"a1 40 33"',
        ],
    ),
    (
        'const a :Text = "abc;',
        [
            "1:17: error: this string is not closed on its line; add '\"', or write a newline as \\n",
        ],
    ),
    (
        'const a :Text = "\\q";',
        [
            "1:18-19: error: unknown escape sequence '\\q'; use \\n, \\t, \\\", \\\\, \\xHH or up to three octal digits",
        ],
    ),
    (
        'const a :Text = "\\xff";',
        [
            "1:17-22: error: Text must be UTF-8, and the byte 0xff in it is not; use Data for other bytes",
        ],
    ),
    (
        "const a :Int32 = 08;",
        [
            "1:18-19: error: a number that starts with 0 is octal and takes only the digits 0 to 7",
        ],
    ),
    (
        "const a :Int32 = 0b11;",
        [
            "1:18-21: error: '0b11' is not a number; write for example 12, 0x1F, 1.5 or 2e10",
        ],
    ),
    (
        "const a :Int32=-5;",
        [
            "1:15-16: error: expected '=' and the constant's value, not '=-'; put spaces between the signs that do not belong together",
        ],
    ),
    (
        "const a :Int32;",
        [
            "1:15: error: expected '=' and the constant's value, but the statement ends here",
        ],
    ),
    (
        "const a = 5;",
        [
            "1:9: error: expected ':' and the constant's type, not '='",
        ],
    ),
    (
        "using A = A;",
        [
            "1:7: error: 'using A' refers to itself; name a declaration instead",
        ],
    ),
    (
        "using A = B; using B = A;",
        [
            "1:7: error: 'using A' refers to itself; name a declaration instead",
        ],
    ),
    (
        "using A = Foo;",
        [
            "1:11-13: error: 'Foo' is not defined",
        ],
    ),
    (
        "using Int32;",
        [
            "1:7-11: error: 'using' needs a name for this: 'using Name = …'",
        ],
    ),
    (
        'using X = import "nowhere.capnp";',
        [
            '1:18-32: error: there is no file "nowhere.capnp" to import; looked for nowhere.capnp',
        ],
    ),
    (
        'using X = import "/nowhere.capnp";',
        [
            '1:18-33: error: there is no file "/nowhere.capnp" to import; looked in the standard schemas, /usr/local/include, /usr/include',
        ],
    ),
    (
        'const a :Data = embed "nowhere";',
        [
            '1:23-31: error: there is no file "nowhere" to embed; looked for nowhere',
        ],
    ),
    (
        "interface I { a @0 :Int32; }",
        [
            "1:20: error: an interface has methods, not fields; expected '(' and the parameters",
        ],
    ),
    (
        "interface I { a (x :Int32); }",
        [
            "1:15: error: 'a' is not followed by '@'; add its number, as in 'name @0 (parameters) -> (results)'",
        ],
    ),
    (
        "interface I { a @0 (x Int32); }",
        [
            "1:23-27: error: expected ':' and the type of 'x', not 'Int32'",
        ],
    ),
    (
        "interface I { a @0 (x :Int32, x :Text); }",
        [
            "1:31: error: 'x' is listed already, at 1:21; rename one of the two",
        ],
    ),
    (
        "interface I { a @0 Int32 -> Text; }",
        [
            "1:20-24: error: 'Int32' is not a struct; write a list instead: (name :Int32)",
            "1:29-32: error: 'Text' is not a struct; write a list instead: (name :Text)",
        ],
    ),
    (
        "interface I { a @0 [T] T -> (x :T); }",
        [
            "1:24: error: the generic parameter 'T' cannot be all parameters or results; write a list with a field of this type: (value :…)",
        ],
    ),
    (
        "interface I extends(S) { } struct S {}",
        [
            "1:21: error: 'S' is not an interface, so that it cannot be extended",
        ],
    ),
    (
        "interface I extends(J) { }",
        [
            "1:21: error: 'J' is not defined",
        ],
    ),
    (
        "annotation a (struct) :Text; struct S $a {}",
        [
            "1:40: error: 'a' needs a value of type Text: $a(…)",
        ],
    ),
    (
        'annotation a (field) :Text; struct S $a("x") {}',
        [
            "1:39: error: 'a' cannot be put on a struct; it is declared for field",
        ],
    ),
    (
        "annotation a (struct) :Text; struct S $a(5) {}",
        [
            '1:42: error: expected a value of type Text, not the number 5; write "…"',
        ],
    ),
    (
        "annotation a (strct) :Text;",
        [
            "1:15-19: error: 'strct' is not an annotation target; did you mean 'struct'? (targets are file, const, enum, enumerant, struct, field, union, group, interface, method, param, annotation and *)",
        ],
    ),
    (
        "annotation a (struct, struct) :Text;",
        [
            "1:23-28: error: 'struct' is listed twice; remove one",
        ],
    ),
    (
        "annotation a (*, struct) :Text;",
        [
            "1:15: error: '*' means every target; remove it, or remove the others",
        ],
    ),
    (
        "struct S $b {}",
        [
            "1:11: error: 'b' is not defined",
        ],
    ),
    (
        "struct S $T {} struct T {}",
        [
            "1:11: error: 'T' is not an annotation",
        ],
    ),
    (
        "struct S @0x1234 {}",
        [
            "1:11-16: error: this is not a valid id: the highest of its 64 bits must be set; `caplet id` makes one",
        ],
    ),
    (
        "struct S @0xf000000000000001 {} struct T @0xf000000000000001 {}",
        [
            "1:43-60: error: the id @0xf000000000000001 is used already, by x:S at x:1:11; give one of the two another id (`caplet id` makes one)",
        ],
    ),
    (
        "struct S { a @70000 :Int32; }",
        [
            "1:15-19: error: a number after '@' must be at most 65534",
        ],
    ),
    (
        "strct A {}",
        [
            "1:1-5: error: expected a declaration (struct, enum, interface, const, annotation, using), '@id' or '$annotation', not 'strct'; did you mean 'struct'?",
        ],
    ),
    (
        "struct S { strct B {} }",
        [
            "1:12-16: error: expected a field ('name @0 :Type'), union, group or declaration, not 'strct'; did you mean 'struct'?",
        ],
    ),
    (
        "}",
        [
            "1:1: error: '}' closes nothing; remove it, or add the '{'",
        ],
    ),
    (
        "struct A { a @0 :List(Int32; }",
        [
            "1:22: error: this '(' is not closed before the ';'; add ')'",
        ],
    ),
    (
        "struct A { a @0 :List[Int32]; }",
        [
            "1:22: error: expected ';', not '['",
        ],
    ),
    (
        "struct A { a @0 :Foo )",
        [
            "1:10: error: this '{' is never closed; add '}'",
            "1:22: error: ')' closes nothing; remove it, or add the opening bracket",
        ],
    ),
    (
        "struct A { a @0 :Int32 = 5 6; }",
        [
            "1:28: error: expected ';', not '6'",
        ],
    ),
    (
        "struct A { a @0 :Int32; } ;",
        [
            "1:27: error: expected a declaration (struct, enum, interface, const, annotation, using), '@id' or '$annotation'",
        ],
    ),
    (
        "é",
        [
            "1:1: error: the character 'é' has no meaning here; only strings and comments may contain it",
        ],
    ),
    (
        "struct A { a @0 :Object; }",
        [
            "1:18-23: error: 'Object' is not defined; did you mean 'AnyPointer'?",
        ],
    ),
    (
        "struct A { a @0 :string; b @1 :Bytes; c @2 :double; }",
        [
            "1:18-23: error: 'string' is not defined; did you mean 'Text'?",
            "1:32-36: error: 'Bytes' is not defined; did you mean 'Data'?",
            "1:45-50: error: 'double' is not defined; did you mean 'Float64'?",
        ],
    ),
    (
        "enum E { a @0; } struct S { e @0 :E = E.a; }",
        [
            "1:41: error: 'E' declares nothing named 'a'; an enumerant is written without the name of its enum: 'a'",
        ],
    ),
    (
        "enum E { A @0; } annotation B (*) :Void;",
        [
            "1:10: error: the name of an enumerant begins with a lower-case letter: 'a'",
            "1:29: error: the name of an annotation begins with a lower-case letter: 'b'",
        ],
    ),
    (
        "struct A { age @0 :Int8; g :group { first @1 :Int8; } } const a :A = (aeg = 1, g = (frist = 1)); const b :Int8 = .a.aeg;",
        [
            "1:71-73: error: A has no field named 'aeg'; did you mean 'age'?",
            "1:85-89: error: A has no field named 'frist'; did you mean 'first'?",
            "1:117-119: error: A has no field named 'aeg'; did you mean 'age'?",
        ],
    ),
    (
        "enum E { red @0; green @1; } const e :E = gren; struct S { struct Inner {} } struct T { i @0 :S.Iner; }",
        [
            "1:43-46: error: 'gren' is not an enumerant of E; did you mean 'green'?",
            "1:97-100: error: 'S' declares nothing named 'Iner'; did you mean 'Inner'?",
        ],
    ),
    (
        "interface A extends(B) {} interface B extends(A) {}",
        [
            "1:21: error: 'B' extends this interface itself; break the cycle",
            "1:47: error: 'A' extends this interface itself; break the cycle",
        ],
    ),
    (
        "struct A { using B = .C.D; } struct C { using D = .A.B; } struct X { a @0 :A.B; }",
        [
            "1:18: error: 'using B' refers to itself; name a declaration instead",
        ],
    ),
    (
        "struct A {} struct B { a @0 :A(Text); } struct C(T) {} struct D { c @0 :C(Text)(Text); }",
        [
            "1:30-36: error: 'A' takes no generic parameters, but 1 given",
            "1:73-85: error: the parameters of 'C(Text)' are bound already; remove this list",
        ],
    ),
    (
        'struct S { a @0 :Int8 = "x"; b @1 :Float32 = true; c @2 :Text = 0x"41"; d @3 :Data = [1]; e @4 :S = [2]; f @5 :Void = 1; }',
        [
            "1:25-27: error: expected a value of type Int8, not a string",
            "1:46-49: error: expected a value of type Float32, not true",
            '1:65-70: error: expected a value of type Text, not a data literal; write "…"',
            "1:86-88: error: expected a value of type Data, not a list",
            "1:101-103: error: expected a value of type S, not a list; write (field = value, …)",
            "1:119: error: expected a value of type Void, not the number 1",
        ],
    ),
    (
        "const a :Int32 = 99999999999999999999;",
        [
            "1:18-37: error: this integer does not fit into 64 bits",
        ],
    ),
    (
        "const a :List(Int32) = [,];",
        [
            "1:25: error: expected a type, name or value, not ','",
        ],
    ),
]


@pytest.mark.parametrize(("text", "expected"), WRONG, ids=[text[:40] for text, _ in WRONG])
def test_wrong_schemas_are_explained(text: str, expected: list[str]) -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(text, "x")
    assert [str(diagnostic)[2:] for diagnostic in caught.value.diagnostics] == expected


def messages(text: str | bytes, **files: str) -> list[str]:
    with pytest.raises(CompileError) as caught:
        compile_text(text, "x.capnp", files={f"{name}.capnp": content for name, content in files.items()})
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


def test_the_source_line_is_shown_with_carets() -> None:
    with pytest.raises(CompileError) as caught:
        compile_text("struct A {\n\ta @0 :Itn32;\n}\n", "x.capnp")
    assert str(caught.value) == (
        "x.capnp:2:8-12: error: 'Itn32' is not defined; did you mean 'Int32' or 'UInt32'?\n"
        "    \ta @0 :Itn32;\n"
        "    \t      ^^^^^"
    )


def test_a_missing_semicolon_is_reported_where_it_should_be() -> None:
    assert messages("struct A {\n  a @0 :Int32\n  b @1 :Text;\n}") == [
        "x.capnp:2:13: error: expected ';' after this, before the next line"
    ]


def test_many_errors_are_found_in_one_run() -> None:
    found = messages("struct A {\n  a @0 Text;\n  b @1 :Foo;\n}\nconst c :Int8 = 500;\nenum E { a @0 }\n")
    assert [message.split(" error: ")[0] for message in found] == [
        "x.capnp:2:8-11:",
        "x.capnp:3:9-11:",
        "x.capnp:5:17-19:",
        "x.capnp:6:13:",
    ]


def test_errors_in_imported_files_are_reported_with_their_file() -> None:
    assert messages('using B = import "b.capnp";\nstruct A { a @0 :B.B; }', b="struct B { a @0 :Foo; }") == [
        "b.capnp:1:18-20: error: 'Foo' is not defined"
    ]


def test_cycles_through_two_files_are_named() -> None:
    assert messages('using B = import "b.capnp"; const a :Int32 = B.b;', b='const b :Int32 = import "x.capnp".a;') == [
        "b.capnp:1:7: error: the value of 'b' depends on itself; break the cycle"
    ]
    assert messages('using X = import "b.capnp".Y; struct S { x @0 :X; }', b='using Y = import "x.capnp".X;') == [
        "x.capnp:1:7: error: 'using X' refers to itself; name a declaration instead"
    ]


def test_ids_that_two_files_use_are_named() -> None:
    assert messages(
        'using B = import "b.capnp"; struct A @0xf000000000000001 { b @0 :B.B; }', b="struct B @0xf000000000000001 {}"
    ) == [
        "b.capnp:1:11-28: error: the id @0xf000000000000001 is used already, by x.capnp:A at x.capnp:1:39;"
        " give one of the two another id (`caplet id` makes one)"
    ]


def test_what_is_not_used_of_an_imported_file_is_not_compiled() -> None:
    compiled = compile_text(
        'using B = import "b.capnp";\nstruct A { a @0 :B.B; }',
        "x.capnp",
        files={"b.capnp": "struct B {}\nstruct C { a @0 :Foo; }"},
    )
    registry = compiled.registry
    file = registry.file("b.capnp")
    assert registry.find(file.id, "B").name == "B"
    with pytest.raises(CompileError, match="Foo"):
        registry.find(file.id, "C")


def test_bytes_that_are_not_utf8_are_named() -> None:
    assert messages(b"struct A {}\n# \xc3\xbc \xff") == [
        "x.capnp:2:5: error: the byte 0xff at offset 17 is not UTF-8 text; save the file as UTF-8"
    ]
    for encoding, name in (
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("utf-32", "UTF-32"),
        ("utf-32-be", "UTF-32"),
    ):
        found = messages("struct A {}".encode(encoding))
        assert found == [f"x.capnp:1:1: error: the file is {name} text; save it as UTF-8"]


def test_a_byte_order_mark_is_ignored() -> None:
    assert compile_text(b"\xef\xbb\xbfstruct A {}").registry
    assert messages(b"\xef\xbb\xbfstruct a {}")[0].startswith("x.capnp:1:8: error:")


def test_columns_count_characters_not_bytes() -> None:
    assert messages('const a :Text = "\u00fc\u00fc"; const b :Foo = 1;')[0].startswith("x.capnp:1:32-34: error:")


def test_a_file_without_an_id_is_told_one(tmp_path: Path) -> None:
    path = tmp_path / "a.capnp"
    path.write_text("struct A {}\n")
    with pytest.raises(CompileError, match=r"add this line, made for it, to the file: @0x[89a-f][0-9a-f]{15};"):
        compile_file(path)
    assert compile_file(path, require_id=False).node.nested_nodes[0].name == "A"


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CompileError, match="there is no such file") as caught:
        compile_files([tmp_path / "a.capnp", tmp_path / "b.capnp"])
    assert len(caught.value.diagnostics) == 2


def test_diagnostics_name_files_as_the_user_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.capnp").write_text("@0xf000000000000001;\nstruct a {}\n")
    with pytest.raises(CompileError) as caught:
        compile_file(tmp_path / "a.capnp")
    assert caught.value.diagnostics[0].filename == str(tmp_path / "a.capnp")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompileError) as caught:
        compile_file("a.capnp")
    assert caught.value.diagnostics[0].filename == "a.capnp"


def test_a_broken_member_is_reported_once_and_not_missed_again() -> None:
    assert len(messages("struct A { a @0 Int32; b @1 :Text; u :union { c @2 :; d @3 :Text; } g :group { e; } }")) == 3


def test_compile_errors_survive_pickling() -> None:
    with pytest.raises(CompileError) as caught:
        compile_text("struct a {}")
    assert pickle.loads(pickle.dumps(caught.value)).diagnostics == caught.value.diagnostics
