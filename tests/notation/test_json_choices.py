"""JSON of schemas and objects at random: flattened members, discriminators and names that are repeated mean what they mean to the original."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from caplet.compiler import compile_file
from caplet.errors import NotationError
from caplet.notation import JsonCodec
from caplet.schema.model import StructType
from caplet.wire.message import MessageReader

from .conftest import Literals, Tool

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
SCHEMAS = int(os.environ.get("CAPLET_RANDOM_SCHEMAS", "4"))
OBJECTS = int(os.environ.get("CAPLET_RANDOM_VALUES", "20"))
LEAD = '@0xd7e6a5c4b3a29180;\nusing Json = import "/capnp/compat/json.capnp";\nenum Hue { red @0 $Json.name("rot"); green @1; }\n'

SCALARS: dict[str, Callable[[random.Random], str]] = {
    "Void": lambda source: "null",
    "Bool": lambda source: source.choice(["true", "false"]),
    "Int8": lambda source: str(source.randint(-128, 127)),
    "UInt16": lambda source: str(source.randint(0, 65535)),
    "Int32": lambda source: str(source.randint(-9, 9)),
    "Int64": lambda source: f'"{source.randint(-(2**63), 2**63 - 1)}"',
    "Float64": lambda source: source.choice(["0.5", "1e300", '"NaN"', "-3"]),
    "Text": lambda source: source.choice(['""', '"t"', '"long text here"']),
    "Data": lambda source: source.choice(["[]", "[1,2]", "[255,0,7]"]),
    "Hue": lambda source: source.choice(['"rot"', '"green"', "1"]),
    "List(Int16)": lambda source: source.choice(["[]", "[1]", "[1,-2,3]"]),
}
DEFAULTS = {"Bool": "true", "Int8": "-5", "Int32": "77", "Float64": "1.5", "Text": '"default"', "List(Int16)": "[4]"}


@dataclass
class Member:
    """A member as the tests know it."""

    name: str
    kind: str
    inside: Shape | None = None
    prefix: str | None = None


@dataclass
class Shape:
    """A struct or group: what its objects may have."""

    plain: list[Member] = field(default_factory=list)
    union: list[Member] = field(default_factory=list)
    tag_name: str | None = None
    value_name: str | None = None


class SchemaMaker:
    """Writes structs with annotations of json.capnp at random."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.shapes: list[Shape] = []
        self.texts: list[str] = []
        self.names = 0
        # The structs that are flattened into each one, and into that which is being written: twice the same names would clash.
        self.flattened: list[set[int]] = []
        self.inside: set[int] = set()

    def text(self) -> str:
        for _ in range(4):
            self.struct()
        return LEAD + "".join(self.texts)

    def struct(self) -> None:
        number, shape, ordinals = len(self.shapes), Shape(), [0]
        self.inside = {number}
        discriminator = self.discriminator(shape, "")
        body = self.body(shape, ordinals, 0, discriminator)
        self.shapes.append(shape)
        self.flattened.append(self.inside)
        self.texts.append(f"struct S{number}{discriminator} {{\n{body}}}\n")

    def discriminator(self, shape: Shape, own: str) -> str:
        """An annotation that may give a union its discriminator; `own` is the name that a flattened one has by itself."""
        source = self.source
        if source.random() < 0.3:
            return ""
        options: list[str] = []
        shape.tag_name = own or None
        if source.random() < 0.6:
            shape.tag_name = self.name("tag")
            options.append(f'name = "{shape.tag_name}"')
        if source.random() < 0.5:
            shape.value_name = self.name("value")
            options.append(f'valueName = "{shape.value_name}"')
        return f" $Json.discriminator({', '.join(options)})"

    def name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def body(self, shape: Shape, ordinals: list[int], depth: int, discriminated: str) -> str:
        """The members of a struct or group; with a discriminator there is a union among them."""
        lines = [
            self.member(shape.plain, ordinals, depth, bool(self.source.randrange(3)))
            for _ in range(self.source.randint(1, 3))
        ]
        if discriminated or self.source.random() < 0.3:
            lines.append(f"union {{\n{self.union(shape, ordinals, depth)}}}\n")
        return "".join(lines)

    def union(self, shape: Shape, ordinals: list[int], depth: int) -> str:
        # Flattened members of a union without a discriminator are lost by the original, which we do not do.
        may = shape.tag_name is not None
        return "".join(self.member(shape.union, ordinals, depth, may) for _ in range(self.source.randint(2, 4)))

    def member(self, members: list[Member], ordinals: list[int], depth: int, may_flatten: bool) -> str:
        source = self.source
        name = self.name("m")
        known = name
        notes = ""
        if source.random() < 0.2:
            known = self.name("renamed-")
            notes += f' $Json.name("{known}")'
        prefix = None
        roll = source.random()
        if roll < 0.5 and may_flatten and source.random() < 0.7:
            prefix = source.choice(["", self.name("pre") + "."])
        flatten = "" if prefix is None else f' $Json.flatten(prefix = "{prefix}")' if prefix else " $Json.flatten()"
        if roll < 0.3 and depth < 2:
            inside = Shape()
            members.append(Member(known, "", inside, prefix))
            if source.random() < 0.5:
                note = (
                    self.discriminator(inside, name if prefix is not None else "")
                    if prefix is not None or source.random() < 0.4
                    else ""
                )
                return f"{name} :union{flatten}{notes}{note} {{\n{self.union(inside, ordinals, depth + 1)}}}\n"
            return f"{name} :group{flatten}{notes} {{\n{self.body(inside, ordinals, depth + 1, '')}}}\n"
        if roll < 0.5 and self.shapes:
            number = source.randrange(len(self.shapes))
            if prefix is not None:
                if self.inside & self.flattened[number]:
                    prefix, flatten = None, ""
                else:
                    self.inside |= self.flattened[number]
            members.append(Member(known, f"S{number}", self.shapes[number], prefix))
            return f"{name} @{self.ordinal(ordinals)} :S{number}{flatten}{notes};\n"
        kind = source.choice(list(SCALARS))
        members.append(Member(known, kind))
        default = f" = {DEFAULTS[kind]}" if kind in DEFAULTS and source.random() < 0.3 else ""
        return f"{name} @{self.ordinal(ordinals)} :{kind}{default}{notes};\n"

    def ordinal(self, ordinals: list[int]) -> int:
        ordinals[0] += 1
        return ordinals[0] - 1


class ObjectMaker:
    """Writes objects of a shape at random, right ones and wrong ones."""

    def __init__(self, source: random.Random) -> None:
        self.source = source

    def object(self, shape: Shape, depth: int = 0) -> str:
        source = self.source
        entries = self.entries(shape, "", depth)
        chosen = [entry for entry in entries if source.random() < 0.6]
        chosen += source.choices(entries, k=source.randrange(3)) if entries else []
        if source.random() < 0.6:
            source.shuffle(chosen)
        else:
            chosen.sort(key=lambda entry: "tag" not in entry[0])
        return "{" + ", ".join(f'"{name}": {make()}' for name, make in chosen) + "}"

    def value(self, member: Member, depth: int) -> str:
        if member.inside is not None:
            return self.object(member.inside, depth + 1) if depth < 4 else "{}"
        return SCALARS[member.kind](self.source)

    def entries(self, shape: Shape, prefix: str, depth: int) -> list[tuple[str, Callable[[], str]]]:
        found: list[tuple[str, Callable[[], str]]] = []
        tags = [member.name for member in shape.union]
        if shape.union and shape.tag_name is not None:
            found.append((prefix + shape.tag_name, lambda: f'"{self.source.choice([*tags, *tags, "unheard of"])}"'))
        if shape.union and shape.value_name is not None:
            found.append((prefix + shape.value_name, lambda: self.value(self.source.choice(shape.union), depth)))
        for member in shape.plain + shape.union:
            in_value = member in shape.union and shape.value_name is not None
            if member.prefix is not None and member.inside is not None:
                found += self.entries(member.inside, prefix + member.prefix, depth)
            elif not in_value:
                found.append((prefix + member.name, lambda member=member: self.value(member, depth)))
        return found


def convert(path: Path, formats: str, name: str, content: bytes) -> bytes | None:
    """What the original makes of a message, None when it refuses it."""
    command = ["capnp", "convert", "--quiet", "--short", formats, str(path), name]
    environment = {**os.environ, "CAPNP_IGNORE_ISSUE_344": "1"}
    done = subprocess.run(command, input=content, capture_output=True, check=False, env=environment)
    return done.stdout if done.returncode == 0 else None


@pytest.mark.parametrize("number", range(SCHEMAS))
def test_objects_at_random_mean_what_they_mean_to_the_original(tool: Tool, tmp_path: Path, number: int) -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    source = random.Random(f"{SEED} {number}")
    maker = SchemaMaker(source)
    path = tmp_path / "random.capnp"
    path.write_text(maker.text())
    schema = compile_file(path)
    codec = JsonCodec(schema.registry)
    literals = Literals(schema.registry, source)
    objects = ObjectMaker(source)
    for _ in range(OBJECTS):
        index = source.randrange(len(maker.shapes))
        type_ = StructType(schema.registry.find(schema.id, f"S{index}").id)
        text = objects.object(maker.shapes[index])
        (tmp_path / f"S{index}.json").write_text(text)
        problem = ""
        found = None
        try:
            found = codec.decode(type_, text)
        except NotationError as error:
            problem = str(error)
        assert found == convert(path, "json:flat", f"S{index}", text.encode()), f"{path} S{index} {text} {problem}"
        if found is not None:
            ours = codec.encode(type_, MessageReader([found]).root).encode() + b"\n"
            assert ours == convert(path, "flat:json", f"S{index}", found), f"{path} S{index} {text}"
        literal = literals.struct(type_.type_id, type_, 0).encode()
        message = convert(path, "text:flat", f"S{index}", literal)
        assert message is not None
        ours = codec.encode(type_, MessageReader([message]).root).encode() + b"\n"
        assert ours == convert(path, "flat:json", f"S{index}", message), f"{path} S{index} {literal!r}"
