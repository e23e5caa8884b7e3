"""JSON: annotations, layout and errors, and that the original writes and reads the same."""

from __future__ import annotations

import json
import os
import pickle
import random
import sys

import pytest

from caplet.compiler import compile_text
from caplet.compiler.compile import CompiledFile
from caplet.errors import NotationError, SchemaError
from caplet.notation import JsonCodec, format_json, format_text, parse_json, parse_text
from caplet.notation.text import parse_texts
from caplet.schema.model import StructType
from caplet.wire.message import MessageBuilder, MessageReader

from .conftest import Literals, Tool

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
VALUES = int(os.environ.get("CAPLET_RANDOM_VALUES", "60"))


def type_of(schema: CompiledFile, name: str) -> StructType:
    return StructType(schema.registry.find(schema.id, name).id)


def read(schema: CompiledFile, name: str, text: str) -> str:
    """The value that a JSON text describes, in text form."""
    type_ = type_of(schema, name)
    content = parse_json(schema.registry, type_, text)
    return format_text(schema.registry, type_, MessageReader([content]).root, pretty=False)


def written(schema: CompiledFile, name: str, text: str, **options: bool) -> str:
    """The JSON of a value that is given in text form."""
    type_ = type_of(schema, name)
    content = parse_text(schema.registry, type_, text)
    return JsonCodec(schema.registry, **options).encode(type_, MessageReader([content]).root)


@pytest.mark.parametrize("name", ["Everything", "Annotated", "Plain", "Named"])
def test_values_at_random_are_written_and_read_as_the_original_does(
    schema: CompiledFile, tool: Tool, name: str
) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    type_ = type_of(schema, name)
    literals = Literals(schema.registry, random.Random(f"{SEED} {name}"))
    text = "\n".join(literals.struct(type_.type_id, type_, 0) for _ in range(VALUES)).encode()
    messages = list(parse_texts(schema.registry, type_, text))
    for pretty in (True, False):
        codec = JsonCodec(schema.registry, pretty=pretty)
        ours = [codec.encode(type_, MessageReader([message]).root) for message in messages]
        options = () if pretty else ("--short",)
        assert "\n".join([*ours, ""]) == tool.convert("text:json", name, text, *options).decode()
    for item in ours:
        json.loads(item)
        # One at a time: the original loses its place in a stream behind some escapes.
        assert codec.decode(type_, item) == tool.convert("json:flat", name, item.encode())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(renamed = 5)", '"new-name":5'),
        ('(base = "ab\\xff")', '"base":"YWL/"'),
        ('(hex = "\\x01\\xff")', '"hex":"01ff"'),
        ('(flat = (text = "t"))', '"text":"t","yes":true'),
        ('(prefixed = (text = "t", yes = false))', '"pre.text":"t","pre.yes":false'),
        ('(tagged = (text = "t"))', '"tagged":{"tag":"text","value":"t"}'),
        ("(tagged = (empty = void))", '"tagged":{"tag":"empty"}'),
        ("(group = (small = 1, large = 2))", '"group_small":1,"group_large":"2"'),
        ('(kind = (part = (text = "t")))', '"kind":"part","part-text":"t","part-yes":true'),
        ('(kind = (word = (letters = "t", second = bright)))', '"kind":"word","letters":"t","second":"bright"'),
        ("(kind = (none = void))", '"kind":"nothing"'),
        ("(kind = (direct = [1]))", '"kind":"direct","direct":["1"]'),
        ("(shade = dark)", '"shade":"very dark"'),
        ('(named = (text = "t", after = 1))', '"named":{"after":1,"type":"text","text":"t"}'),
    ],
)
def test_annotations_decide_how_members_are_written_and_read(schema: CompiledFile, text: str, expected: str) -> None:
    found = written(schema, "Annotated", text)
    assert expected in found
    type_ = type_of(schema, "Annotated")
    again = parse_json(schema.registry, type_, found)
    assert format_json(schema.registry, type_, MessageReader([again]).root, pretty=False) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"int8": "0x1F"}', "int8 = 31"),
        ('{"int8": "-12"}', "int8 = -12"),
        ('{"int32": 1e3}', "int32 = 1000"),
        ('{"int64": 9007199254740993}', "int64 = 9007199254740993"),
        ('{"float64": "NaN"}', "float64 = nan"),
        ('{"float64": null}', "float64 = nan"),
        ('{"float64": "-Infinity"}', "float64 = -inf"),
        ('{"float64": "1.5"}', "float64 = 1.5"),
        ('{"color": 2}', "color = blue"),
        ('{"color": 7}', "color = (7)"),
        ('{"unknown": [1, {"x": null}]}', "color = green"),
        ('{"int16": 1, "int16": 2}', "int16 = 2"),
        ('{"words": "\\ud83d\\ude00"}', 'words = "😀"'),
        ('{"void": 5}', "void = void"),
        ('{"data": [1, 255]}', 'data = "\\001\\377"'),
        ('{"nothing": null, "words": "w"}', 'words = "w"'),
    ],
)
def test_json_of_many_forms_is_read(schema: CompiledFile, text: str, expected: str) -> None:
    assert expected in read(schema, "Everything", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"value": "z", "tag": "text"}', 'tagged = (text = "z")'),
        ('{"tag": "empty"}', "tagged = (empty = void)"),
        ('{"tag": "unheard of"}', "tagged = (number = 0)"),
        ('{"value": 3}', "tagged = (number = 0)"),
    ],
)
def test_a_discriminator_says_what_a_value_is_wherever_it_stands(
    schema: CompiledFile, text: str, expected: str
) -> None:
    assert expected in read(schema, "Annotated", f'{{"tagged": {text}}}')


def test_members_of_a_flattened_choice_need_its_discriminator(schema: CompiledFile) -> None:
    assert "letters" not in read(schema, "Annotated", '{"letters": "x"}')
    assert 'word = (letters = "x"' in read(schema, "Annotated", '{"letters": "x", "kind": "word"}')


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ('{"int8": 1,}', "not JSON"),
        ('{"float64": NaN}', 'NaN is not JSON; write "NaN"'),
        ("5", "expected an object, not a number"),
        ('{"int8": 200}', "$.int8: 200 does not fit; the type holds -128 to 127"),
        ('{"int8": 1.5}', "$.int8: 1.5 is not an integer"),
        ('{"int8": true}', "$.int8: expected a number, not true"),
        ('{"int8": null}', "$.int8: expected a number, not null"),
        ('{"int8": "x"}', '$.int8: "x" is not an integer'),
        ('{"int8": 1e400}', "$.int8: inf is not an integer"),
        ('{"float64": "x"}', '$.float64: "x" is not a number'),
        ('{"float64": []}', "$.float64: expected a number, not an array"),
        ('{"bool": 1}', "$.bool: expected true or false, not a number"),
        ('{"text": 1}', "$.text: expected a string, not a number"),
        ('{"words": "\\ud83d"}', "$.words: the string holds half of a surrogate pair"),
        ('{"data": "x"}', "$.data: expected an array of numbers, not a string"),
        ('{"data": [256]}', "$.data[0]: 256 does not fit; the type holds 0 to 255"),
        ('{"color": "pink"}', '$.color: "pink" is not an enumerant of Color; it has red, green, blue'),
        ('{"plains": [{}, {"number": "z"}]}', '$.plains[1].number: "z" is not an integer'),
        ('{"plains": {}}', "$.plains: expected an array, not an object"),
        ('{"group": {"first": "x"}}', '$.group.first: "x" is not an integer'),
        ('{"inner": null}', "$.inner: expected an object, not null"),
    ],
)
def test_json_that_does_not_fit_is_refused_with_the_path(schema: CompiledFile, text: str, problem: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_json(schema.registry, type_of(schema, "Everything"), text)
    assert problem in str(caught.value)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"hex": "0g"}', "$.hex: the string is not hex"),
        ('{"base": "a*b"}', "$.base: the string is not base64"),
        ('{"hex": []}', "$.hex: expected a string, not an array"),
        ('{"kind": 1}', "$.kind: expected the name of a member of the union, not a number"),
    ],
)
def test_annotated_json_that_does_not_fit_is_refused(schema: CompiledFile, text: str, problem: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_json(schema.registry, type_of(schema, "Annotated"), text)
    assert str(caught.value) == problem


def test_nesting_bombs_are_refused(schema: CompiledFile) -> None:
    for text in ("[" * 200_000, '{"inner":' * 100 + "{}" + "}" * 100):
        with pytest.raises(NotationError, match="nested too deeply"):
            parse_json(schema.registry, type_of(schema, "Everything"), text)


def test_unknown_members_are_refused_when_asked_for(schema: CompiledFile) -> None:
    codec = JsonCodec(schema.registry, reject_unknown=True)
    with pytest.raises(NotationError, match=r"\$\.plain\.other: the schema has no such member"):
        codec.decode(type_of(schema, "Everything"), '{"plain": {"other": 1}}')


def test_members_with_default_values_are_left_out_when_asked_for(schema: CompiledFile) -> None:
    found = written(schema, "Plain", '(text = "x")', skip_defaults=True)
    assert found == '{"text":"x"}'
    assert written(schema, "Everything", "(int8 = 0)", skip_defaults=True).startswith('{"int8":0')


def test_what_has_no_form_in_json_is_refused_with_the_path(schema: CompiledFile) -> None:
    message = MessageBuilder()
    root = message.root.init_struct(0, 3)
    root.pointer(1).set_capability(object())
    with pytest.raises(NotationError, match=r"^\$\.object: capabilities have no form in JSON"):
        format_json(schema.registry, type_of(schema, "Holder"), message.root.as_reader())
    with pytest.raises(NotationError, match=r"^\$\.any: AnyPointer have no form in JSON"):
        parse_json(schema.registry, type_of(schema, "Holder"), '{"any": 1}')


def test_annotations_that_make_no_sense_are_refused() -> None:
    lead = 'using Json = import "/capnp/compat/json.capnp";'
    for field, problem in (("Text $Json.hex", "only Data"), ("Text $Json.flatten()", "only structs")):
        schema = compile_text(f"{lead} struct S {{ a @0 :{field}; }}")
        with pytest.raises(SchemaError, match=problem):
            parse_json(schema.registry, type_of(schema, "S"), "{}")
    endless = compile_text(f"{lead} struct S {{ a @0 :S $Json.flatten(); }}")
    with pytest.raises(SchemaError, match="flattened into itself"):
        parse_json(endless.registry, type_of(endless, "S"), "{}")


@pytest.mark.parametrize(
    "text",
    [
        '{"value":null,"after":"x"}',
        '{"value":true,"values":[null,false,1.5,"text",[],{}]}',
        '{"value":{"a":[1,{"b":"c"},[true]],"a":2},"after":"é"}',
        '{"value":[1e300,-0.25,"' + "long" * 20 + '",{"inner":{"deeper":[1,2,3,"' + "y" * 60 + '"]}}]}',
    ],
)
def test_json_inside_of_messages_stands_for_itself(schema: CompiledFile, tool: Tool, text: str) -> None:
    type_ = type_of(schema, "Free")
    content = parse_json(schema.registry, type_, text)
    assert content == tool.convert("json:flat", "Free", text.encode())
    root = MessageReader([content]).root
    for pretty, options in ((True, ()), (False, ("--short",))):
        found = format_json(schema.registry, type_, root, pretty=pretty) + "\n"
        assert found == tool.convert("flat:json", "Free", content, *options).decode()


def test_a_call_inside_of_a_message_is_written_as_one(schema: CompiledFile, tool: Tool) -> None:
    type_ = type_of(schema, "Free")
    text = '(value = (call = (function = "ObjectId", params = [(string = "x"), (array = [(number = 1)])])))'
    content = parse_text(schema.registry, type_, text)
    found = format_json(schema.registry, type_, MessageReader([content]).root, pretty=False)
    assert found == '{"value":ObjectId("x",[1])}'
    assert found + "\n" == tool.convert("flat:json", "Free", content, "--short").decode()


@pytest.mark.parametrize("digits", ["9" * 5000, "0x" + "f" * 5000, "1" * 100_000])
def test_numbers_of_many_digits_are_refused(schema: CompiledFile, digits: str) -> None:
    for text in (f'{{"int64": "{digits}"}}', f'{{"float64": "{digits}x"}}', f'{{"color": "{digits}"}}'):
        with pytest.raises(NotationError) as caught:
            parse_json(schema.registry, type_of(schema, "Everything"), text)
        assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["1_0", "٣", "0x1p3", "", " "])
def test_only_numbers_are_numbers(schema: CompiledFile, text: str) -> None:
    with pytest.raises(NotationError, match=r"^\$\.float64: "):
        parse_json(schema.registry, type_of(schema, "Everything"), json.dumps({"float64": text}))


def test_a_value_that_is_nested_too_deeply_is_not_written(schema: CompiledFile) -> None:
    message = MessageBuilder()
    place = message.root
    for _ in range(20_000):
        place = place.init_struct(0, 1).pointer(0)
    with pytest.raises(NotationError, match="nested too deeply"):
        format_json(schema.registry, type_of(schema, "Deep"), message.root.as_reader())
    with pytest.raises(NotationError, match="nested too deeply"):
        format_text(schema.registry, type_of(schema, "Deep"), message.root.as_reader())


def test_random_bytes_are_a_value_or_an_error(schema: CompiledFile) -> None:
    sys.stdout.write(f"seed {SEED}\n")
    source = random.Random(f"{SEED} bytes")
    type_ = type_of(schema, "Annotated")
    seeds = [
        b'{"new-name":5,"base":"YWL/","hex":"01ff","text":"t","tagged":{"tag":"text","value":"t"},"kind":"part"}',
        b'{"kind":"word","letters":"t","second":"bright","group_small":1,"group_large":"2","list":[{},{"shade":3}]}',
    ]
    for _ in range(2000):
        text = bytearray(source.choice(seeds))
        for _ in range(source.randint(1, 4)):
            at = source.randrange(len(text))
            piece = source.choice(
                [b"", b"{", b"}", b"[", b'"', b"null", b"1e9", b"\xff", b",", b":", text[at : at + 9]]
            )
            text[at : at + source.randint(0, 3)] = piece
        try:
            found = parse_json(schema.registry, type_, bytes(text))
        except NotationError:
            continue
        format_json(schema.registry, type_, MessageReader([found]).root)


CHOICES = [
    '"left": "l"',
    '"right": 0.1',
    '"both": {}',
    '"both": {"up": 3}',
    '"both": {"down": [1, 2]}',
]


@pytest.mark.parametrize("first", CHOICES)
def test_the_last_of_several_members_of_a_union_counts_as_in_the_original(
    schema: CompiledFile, tool: Tool, first: str
) -> None:
    codec = JsonCodec(schema.registry)
    texts = [f'{{"choice": {{{first}, {last}}}}}' for last in CHOICES if last.split(":")[0] != first.split(":")[0]]
    texts += [
        '{"words": "w", "many": [{"text": "t"}]}',
        '{"many": [{}], "nothing": null}',
        '{"nothing": null, "words": "w"}',
    ]
    for text in texts:
        found = codec.decode(type_of(schema, "Everything"), text)
        assert found == tool.convert("json:flat", "Everything", text.encode()), text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"choice": {"right": 0.1}, "choice": {"both": {}}}', "both = (up = 0)"),
        ('{"choice": {"both": {"up": 3, "down": [1]}}, "choice": {"both": {"up": 4}}}', "both = (up = 4)"),
        ('{"group": {"first": 1, "second": "x"}, "group": {"first": 2}}', "group = (first = 2)"),
        ('{"choice": {}}', 'choice = (left = "left")'),
    ],
)
def test_a_group_that_is_repeated_counts_as_it_is_given_last(
    schema: CompiledFile, tool: Tool, text: str, expected: str
) -> None:
    assert expected in read(schema, "Everything", text)
    found = JsonCodec(schema.registry).decode(type_of(schema, "Everything"), text)
    assert found == tool.convert("json:flat", "Everything", text.encode())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"kind": "part", "kind": "word"}', "$.kind: the member of the union is named twice"),
        (
            '{"kind": "nothing", "letters": "x"}',
            "$.letters: this belongs to another member of the union than 'nothing', which is chosen",
        ),
    ],
)
def test_members_that_contradict_a_discriminator_are_refused(schema: CompiledFile, text: str, problem: str) -> None:
    with pytest.raises(NotationError) as caught:
        parse_json(schema.registry, type_of(schema, "Annotated"), text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"letters": "x"}', r"\$\.letters: nothing says which member of the union this belongs to"),
        (
            '{"kind": "part", "letters": "x"}',
            r"\$\.letters: 'part', the chosen member of the union, has no such member",
        ),
        ('{"nowhere": 1}', r"\$\.nowhere: the schema has no such member"),
    ],
)
def test_flattened_members_without_a_place_are_refused_when_asked_for(
    schema: CompiledFile, text: str, problem: str
) -> None:
    assert parse_json(schema.registry, type_of(schema, "Annotated"), text)
    with pytest.raises(NotationError, match=problem):
        JsonCodec(schema.registry, reject_unknown=True).decode(type_of(schema, "Annotated"), text)


@pytest.mark.parametrize(
    ("declarations", "problem"),
    [
        ('struct S { a @0 :Text $Json.name("x"); b @1 :Text $Json.name("x"); }', "two members of S have the same name"),
        (
            "struct S { a @0 :T $Json.flatten(); b @1 :Text; } struct T { b @0 :Int8; }",
            "two members of S are called 'b'",
        ),
        (
            'struct S $Json.discriminator(name = "t") { union { a @0 :Int8 $Json.name("x"); b @1 :Int8 $Json.name("x"); } }',
            "two members of the union of S have the same name",
        ),
        (
            "".join(f"struct S{n} {{ a @0 :S{n + 1} $Json.flatten(); }} " for n in range(80))
            + "struct S { a @0 :S0 $Json.flatten(); } struct S80 {}",
            "flattened into each other too deeply",
        ),
        (
            "".join(
                f'struct S{n} {{ a @0 :S{n + 1} $Json.flatten(prefix = "a"); b @1 :S{n + 1} $Json.flatten(prefix = "b"); }} '
                for n in range(30)
            )
            + "struct S { a @0 :S0 $Json.flatten(); } struct S30 { a @0 :Int8; }",
            "too many names in JSON",
        ),
    ],
)
def test_names_that_clash_or_are_too_many_are_refused_both_ways(declarations: str, problem: str) -> None:
    schema = compile_text(f'using Json = import "/capnp/compat/json.capnp"; {declarations}')
    for _ in range(2):
        with pytest.raises(SchemaError, match=problem):
            parse_json(schema.registry, type_of(schema, "S"), "{}")
        with pytest.raises(SchemaError, match=problem):
            format_json(schema.registry, type_of(schema, "S"), MessageReader([bytes(8)]).root)


def test_members_of_a_flattened_choice_without_a_discriminator_choose_it() -> None:
    """The original loses them, so that what it wrote cannot be read again."""
    schema = compile_text(
        'using Json = import "/capnp/compat/json.capnp";'
        " struct S { u :union $Json.flatten() { a :group $Json.flatten() { b @0 :Int8; c @1 :Int8; } d @2 :Text; } }"
    )
    text = '{"b":1,"c":2}'
    content = parse_json(schema.registry, type_of(schema, "S"), text)
    assert format_json(schema.registry, type_of(schema, "S"), MessageReader([content]).root, pretty=False) == text
