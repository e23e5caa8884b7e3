"""Schemas made at random: our layout, ids and opinion on what is right are those of the original compiler."""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from caplet.compiler import compile_files
from caplet.errors import CompileError
from caplet.schema.codec import decode_request
from caplet.schema.model import Node
from caplet.schema.records import replace

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
FILES = int(os.environ.get("CAPLET_RANDOM_SCHEMAS", "12"))
STRUCTS_IN_A_FILE = 8
SCALARS = [
    "Void",
    "Bool",
    "Bool",
    "Int8",
    "UInt8",
    "Int16",
    "UInt16",
    "Int32",
    "UInt32",
    "Int64",
    "UInt64",
    "Float32",
    "Float64",
    "Kind",
]
POINTERS = [
    "Text",
    "Data",
    "AnyPointer",
    "List(Int32)",
    "List(Text)",
    "List(List(Bool))",
    "AnyStruct",
    "AnyList",
    "Capability",
    "Service",
]


LITERALS: dict[str, Callable[[random.Random], str]] = {
    "Void": lambda generator: "void",
    "Bool": lambda generator: generator.choice(["true", "false"]),
    "Int8": lambda generator: str(generator.randrange(-128, 128)),
    "UInt8": lambda generator: hex(generator.randrange(256)),
    "Int16": lambda generator: str(generator.randrange(-(2**15), 2**15)),
    "UInt16": lambda generator: f"0{generator.randrange(2**16):o}",
    "Int32": lambda generator: str(generator.randrange(-(2**31), 2**31)),
    "UInt32": lambda generator: str(generator.randrange(2**32)),
    "Int64": lambda generator: str(generator.randrange(-(2**63), 2**63)),
    "UInt64": lambda generator: hex(generator.randrange(2**64)),
    "Float32": lambda generator: f"{generator.uniform(-1, 1):.8g}",
    "Float64": lambda generator: generator.choice([repr(generator.uniform(0, 1e300)), "nan", "-inf", "12"]),
    "Kind": lambda generator: generator.choice("ab"),
    "Text": lambda generator: generator.choice(['"text"', '""', '"\\x41\\n" "b"']),
    "Data": lambda generator: generator.choice(['"text"', '0x"00 fF"', '""']),
    "List(Int32)": lambda generator: str([generator.randrange(-9, 9) for _ in range(generator.randrange(4))]),
    "List(Text)": lambda generator: generator.choice(["[]", '["a", "", "b"]']),
    "List(List(Bool))": lambda generator: generator.choice(["[]", "[[true], [], [false, true]]"]),
}


@dataclass
class Member:
    """A field, group or union that a literal may name."""

    name: str
    kind: str
    members: list[Member]


class StructMaker:
    """Writes a struct with random members; ordinals are given afterwards, in random order."""

    def __init__(self, generator: random.Random, name: str) -> None:
        self.generator = generator
        self.name = name
        self.count = 0
        self.budget = generator.randrange(1, 24)
        self.members: list[Member] = []

    def text(self) -> str:
        body = self.block(0, "struct", self.members)
        ordinals = list(range(self.count))
        if self.generator.random() < 0.7:
            self.generator.shuffle(ordinals)
        body = re.sub(r"@#(\d+)", lambda found: f"@{ordinals[int(found.group(1))]}", body)
        constants = f"const c{self.name} :{self.name} = {self.literal(self.members, 0)};\n"
        constants += f"const l{self.name} :List({self.name}) = [{self.literal(self.members, 1)}, .c{self.name}, ()];\n"
        return f"struct {self.name} {{\n{body}}}\n{constants}"

    def literal(self, members: list[Member], depth: int) -> str:
        """A struct literal that sets some of the members."""
        parts: list[str] = []
        for member in members:
            if self.generator.random() < 0.5:
                continue
            if member.members:
                parts.append(f"{member.name} = {self.literal(member.members, depth)}")
            elif member.kind in LITERALS:
                parts.append(f"{member.name} = {LITERALS[member.kind](self.generator)}")
            elif member.kind == self.name and depth < 3:
                parts.append(f"{member.name} = {self.literal(self.members, depth + 1)}")
        return f"({', '.join(parts)})"

    def field(self, members: list[Member]) -> str:
        generator = self.generator
        kind = generator.choice(SCALARS if generator.random() < 0.75 else [*POINTERS, self.name])
        number = self.count
        self.count += 1
        members.append(Member(f"m{number}", kind, []))
        default = ""
        if kind in LITERALS and generator.random() < 0.2:
            default = f" = {LITERALS[kind](generator)}"
        return f"m{number} @#{number} :{kind}{default};\n"

    def block(self, depth: int, kind: str, members: list[Member]) -> str:
        generator = self.generator
        parts: list[str] = []
        wanted = generator.randrange(2, 6) if kind == "union" else generator.randrange(1, 8)
        has_unnamed = False
        while len(parts) < wanted and (self.budget > 0 or len(parts) < (2 if kind == "union" else 1)):
            self.budget -= 1
            roll = generator.random()
            label = f"x{generator.randrange(2**40):x}"
            if roll < 0.7 or depth > 4:
                parts.append(self.field(members))
                continue
            if roll >= 0.9 and kind != "union" and not has_unnamed:
                has_unnamed = True
                parts.append(f"union {{\n{self.block(depth + 1, 'union', members)}}}\n")
                continue
            member = Member(label, "", [])
            members.append(member)
            inner = "group" if roll < 0.8 else "union"
            parts.append(f"{label} :{inner} {{\n{self.block(depth + 1, inner, member.members)}}}\n")
        return "".join(parts)


def schema_text(generator: random.Random) -> str:
    structs = (StructMaker(generator, f"S{number}").text() for number in range(STRUCTS_IN_A_FILE))
    file_id = generator.randrange(2**63, 2**64)
    return f"@{file_id:#x};\nenum Kind {{ a @0; b @1; }}\ninterface Service {{}}\n" + "".join(structs)


def plain(nodes: tuple[Node, ...]) -> list[Node]:
    return [replace(node, start_byte=0, end_byte=0) for node in nodes]


def test_random_structs_are_laid_out_as_by_the_original(tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    monkeypatch.chdir(tmp_path)
    generator = random.Random(SEED)
    names = []
    for number in range(FILES):
        name = f"r{number}.capnp"
        (tmp_path / name).write_text(schema_text(generator))
        names.append(name)
    theirs = tool.compile(names, tmp_path)
    ours = compile_files(names)
    assert plain(ours.nodes) == list(theirs.nodes)


TOKENS = re.compile(r'"[^"]*"|[A-Za-z_]\w*|0x[0-9a-f]+|\d[\d.e]*|[@:=$;{}()\[\],]|->|.', re.DOTALL)
SPARE = [
    "@0",
    "@1",
    ";",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    "=",
    "Int32",
    "Text",
    "List",
    "a",
    "Foo",
    "union",
    "struct",
    "$",
]


def mutated(generator: random.Random, text: str) -> str:
    tokens = TOKENS.findall(text)
    for _ in range(generator.randrange(1, 3)):
        place = generator.randrange(12, len(tokens))
        roll = generator.random()
        if roll < 0.3:
            del tokens[place]
        elif roll < 0.5:
            tokens.insert(place, tokens[generator.randrange(12, len(tokens))])
        elif roll < 0.8:
            tokens[place] = tokens[generator.randrange(12, len(tokens))]
        else:
            tokens[place] = generator.choice(SPARE)
    return "".join(tokens)


def test_mutated_schemas_are_accepted_or_refused_as_by_the_original(
    tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    monkeypatch.chdir(tmp_path)
    generator = random.Random(SEED)
    corpus = Path(__file__).parent / "corpus"
    texts = {path.name: path.read_text() for path in sorted(corpus.glob("*.capnp"))}
    for name in ("embedded.bin", "embedded.txt"):
        (tmp_path / name).write_bytes((corpus / name).read_bytes())
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    for number in range(FILES * 8):
        text = mutated(generator, generator.choice([*texts.values(), schema_text(generator)]))
        name = "mutated.capnp"
        (tmp_path / name).write_text(text)
        theirs = tool.run([name], tmp_path)
        problem = ""
        try:
            ours = compile_files([name], ["/usr/include"])
        except CompileError as error:
            problem = str(error)
        refused = theirs.returncode != 0
        if refused != bool(problem) and not refused_only_by_one(theirs.stderr.decode(errors="replace"), problem):
            kept = Path(f"{number}.txt")
            kept.write_text(text)
            pytest.fail(
                f"{kept.resolve()}: the original says {theirs.stderr.decode(errors='replace')!r}, we say {problem!r}"
            )

        if not problem and not refused:
            assert plain(ours.nodes) == list(decode_request(theirs.stdout).nodes), text


def refused_only_by_one(theirs: str, ours: str) -> bool:
    """Whether a difference of opinion is one that we want: the original takes integers of more than 64 bits modulo 2 to the 64th."""
    wanted = ("extends this interface itself", "this integer does not fit into 64 bits")
    return any(problem in ours for problem in wanted) and "error" not in theirs
