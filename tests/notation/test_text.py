"""The text form: what is printed, what is read, and that the original prints and reads the same."""

from __future__ import annotations

import os
import random
import sys

import pytest

from caplet.compiler.compile import CompiledFile
from caplet.errors import CompileError
from caplet.notation.text import format_text, parse_text, parse_texts
from caplet.schema.model import StructType
from caplet.wire.framing import frame
from caplet.wire.message import MessageBuilder, MessageReader

from .conftest import Literals, Tool

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
VALUES = int(os.environ.get("CAPLET_RANDOM_VALUES", "60"))


def type_of(schema: CompiledFile, name: str) -> StructType:
    return StructType(schema.registry.find(schema.id, name).id)


def printed(schema: CompiledFile, name: str, content: bytes, pretty: bool = False) -> str:
    return format_text(schema.registry, type_of(schema, name), MessageReader([content]).root, pretty=pretty)


@pytest.mark.parametrize("name", ["Everything", "Annotated", "Plain", "Box(Text, List(Plain))"])
def test_values_at_random_are_printed_and_read_as_the_original_does(
    schema: CompiledFile, tool: Tool, name: str
) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    registry = schema.registry
    type_ = type_of(schema, name.partition("(")[0])
    if "(" in name:
        box = next(f for f in registry.get(type_of(schema, "Everything").type_id).body.fields if f.name == "box")  # type: ignore[union-attr]
        type_ = box.body.type  # type: ignore[union-attr, assignment]
    literals = Literals(registry, random.Random(f"{SEED} {name}"))
    text = "\n".join(literals.struct(type_.type_id, type_, 0) for _ in range(VALUES)).encode()
    messages = list(parse_texts(registry, type_, text))
    assert len(messages) == VALUES
    builders = [MessageBuilder() for _ in messages]
    for builder, message in zip(builders, messages, strict=True):
        builder.root.set(MessageReader([message]).root)
    framed = b"".join(part for builder in builders for part in frame(builder.output()))
    assert framed == tool.convert("text:binary", name, text)
    for pretty in (True, False):
        ours = "".join(
            format_text(registry, type_, MessageReader([message]).root, pretty=pretty) + "\n" for message in messages
        )
        options = () if pretty else ("--short",)
        assert ours == tool.convert("binary:text", name, framed, *options).decode()
    again = [parse_text(registry, type_, format_text(registry, type_, MessageReader([m]).root)) for m in messages]
    assert again == [parse_text(registry, type_, format_text(registry, type_, MessageReader([m]).root)) for m in again]


def test_capabilities_and_pointers_of_any_type_are_printed_as_placeholders(schema: CompiledFile) -> None:
    message = MessageBuilder()
    root = message.root.init_struct(0, 3)
    root.pointer(0).set_text("x")
    root.pointer(1).set_capability(object())
    root.pointer(2).set_text("n")
    text = format_text(schema.registry, type_of(schema, "Holder"), message.root.as_reader())
    assert text == '( any = <opaque pointer>,\n  object = <external capability>,\n  name = "n" )'


def test_an_enumerant_that_is_not_known_is_printed_as_its_number(schema: CompiledFile) -> None:
    message = MessageBuilder()
    root = message.root.init_struct(8, 14)
    root.pointer(13).clear()
    everything = schema.registry.find(schema.id, "Everything")
    color = next(field for field in everything.body.fields if field.name == "color")  # type: ignore[union-attr]
    root.set_u16(color.body.offset * 2, 9, 1)  # type: ignore[union-attr]
    text = format_text(schema.registry, StructType(everything.id), message.root.as_reader(), pretty=False)
    assert "color = (9)" in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("(nmber = 1)", "Plain has no field named 'nmber'; did you mean 'number'?"),
        ('(number = "x")', "expected a value of type Int64, not a string"),
        ("(number = 99999999999999999999)", "this integer does not fit into 64 bits"),
        ("(number = 9223372036854775808)", "9223372036854775808 does not fit into Int64"),
        ("(number = other)", "'other' is a name; a value by itself cannot refer to constants"),
        ('(text = embed "file")', "a value by itself cannot embed files"),
        ("(number = 1", "closed"),
        ("(number = 1); (number = 2)", "a value holds no ';'"),
        ("(number = 1) (number = 2)", "expected one value, and the text holds 2"),
        ("", "expected one value, and the text holds 0"),
    ],
)
def test_text_that_does_not_fit_is_refused_with_place_and_reason(schema: CompiledFile, text: str, problem: str) -> None:
    with pytest.raises(CompileError) as caught:
        parse_text(schema.registry, type_of(schema, "Plain"), text)
    assert problem in str(caught.value), str(caught.value)


def test_an_unknown_enumerant_is_refused_with_a_suggestion(schema: CompiledFile) -> None:
    with pytest.raises(CompileError, match="did you mean 'blue'"):
        parse_text(schema.registry, type_of(schema, "Everything"), "(color = bleu)")


def test_literals_of_the_schema_language_are_read(schema: CompiledFile) -> None:
    content = parse_text(schema.registry, type_of(schema, "Plain"), '(number = 0x1F, text = "a" "b", ) # comment')
    assert printed(schema, "Plain", content) == '(text = "ab", number = 31)'
    content = parse_text(schema.registry, type_of(schema, "Everything"), '(data = 0x"a1 b2", plain = "first field")')
    assert 'data = "\\241\\262"' in printed(schema, "Everything", content)


def test_bytes_that_are_no_text_are_refused(schema: CompiledFile) -> None:
    with pytest.raises(CompileError, match="is not UTF-8"):
        parse_text(schema.registry, type_of(schema, "Plain"), b'(text = "\xff")')


def test_brackets_without_end_are_refused(schema: CompiledFile) -> None:
    with pytest.raises(CompileError, match="nested"):
        parse_text(schema.registry, type_of(schema, "Plain"), "(" * 10_000)


def test_random_bytes_are_messages_or_a_clear_error(schema: CompiledFile) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    source = random.Random(f"{SEED} bytes")
    registry, type_ = schema.registry, type_of(schema, "Everything")
    literals = Literals(registry, source)
    pieces = [
        b"",
        b"(",
        b")",
        b"[",
        b"]",
        b'"',
        b"'",
        b"\\",
        b"=",
        b",",
        b";",
        b"{",
        b"#",
        b"`",
        b"0x",
        b"1e9",
        b"\xff",
    ]
    read = refused = 0
    problems: list[str] = []
    for _ in range(600):
        if source.random() < 0.2:
            text = bytearray(source.randbytes(source.randint(0, 60)))
        else:
            text = bytearray(literals.struct(type_.type_id, type_, 1).encode()[:400])
        for _ in range(source.randint(0, 3)):
            at = source.randrange(len(text) + 1)
            text[at : at + source.randint(0, 3)] = source.choice([*pieces, bytes(text[at : at + 9])])
        try:
            messages = list(parse_texts(registry, type_, bytes(text)))
        except CompileError as error:
            refused += 1
            problems += [found.message for found in error.diagnostics]
            continue
        read += 1
        for message in messages:
            format_text(registry, type_, MessageReader([message]).root)
    assert read
    assert len(problems) >= refused > 0
    assert all(problems)
