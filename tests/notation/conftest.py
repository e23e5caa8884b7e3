"""What the tests of notations share: a schema with every kind of field, and values at random as literals of it."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from caplet.compiler import compile_file
from caplet.compiler.compile import CompiledFile
from caplet.schema.model import EnumNode, EnumType, Field, Group, ListType, Slot, StructNode, StructType, Type, TypeKind
from caplet.schema.registry import Registry, apply_brand

SCHEMA = Path(__file__).parent / "notation.capnp"
BOUNDS = {
    TypeKind.INT8: (-(2**7), 2**7 - 1),
    TypeKind.INT16: (-(2**15), 2**15 - 1),
    TypeKind.INT32: (-(2**31), 2**31 - 1),
    TypeKind.INT64: (-(2**63), 2**63 - 1),
    TypeKind.UINT8: (0, 2**8 - 1),
    TypeKind.UINT16: (0, 2**16 - 1),
    TypeKind.UINT32: (0, 2**32 - 1),
    TypeKind.UINT64: (0, 2**64 - 1),
}
PIECES = ["", "a", "hello", "x" * 30, "é", "日本", "\\n", '\\"', "\\\\", "\\x7f", "\\x01", "'", "/", "\\t", "😀"]
BYTES = ["", "a", "\\xff", "\\x00", "\\x80\\x81", "\\n", "zz"]
NUMBERS = ["0", "1", "-1.5", "1e300", "1e-8", "0.1", "123456789", "3.14159265358979", "inf", "-inf", "nan", "1e21"]


class Literals:
    """Makes literals at random."""

    def __init__(self, registry: Registry, source: random.Random) -> None:
        self.registry = registry
        self.source = source

    def value(self, type_: Type, depth: int) -> str | None:
        source = self.source
        kind = type_.kind
        if kind in BOUNDS:
            low, high = BOUNDS[kind]
            return str(source.choice([0, 1, low, high, source.randint(low, high)]))
        if isinstance(type_, EnumType):
            body = self.registry.get(type_.type_id).body
            assert isinstance(body, EnumNode)
            return source.choice(body.enumerants).name
        if isinstance(type_, ListType):
            values = [self.value(type_.element, depth + 1) for _ in range(source.choice([0, 1, 2, 3, 7]))]
            return None if None in values or depth > 4 else "[" + ", ".join(filter(None, values)) + "]"
        if isinstance(type_, StructType):
            return None if depth > 4 else self.struct(type_.type_id, type_, depth + 1)
        if kind == TypeKind.TEXT:
            return '"' + "".join(source.choices(PIECES, k=source.randint(0, 4))) + '"'
        if kind == TypeKind.DATA:
            return '"' + "".join(source.choices(BYTES, k=source.randint(0, 4))) + '"'
        words = {TypeKind.VOID: "void", TypeKind.BOOL: source.choice(["true", "false"])}
        return source.choice(NUMBERS) if kind in (TypeKind.FLOAT32, TypeKind.FLOAT64) else words.get(kind)

    def struct(self, type_id: int, type_: StructType, depth: int) -> str:
        body = self.registry.get(type_id).body
        assert isinstance(body, StructNode)
        chosen = [field for field in body.fields if not field.in_union and self.source.random() < 0.6]
        union = [field for field in body.fields if field.in_union]
        if union and self.source.random() < 0.8:
            chosen.append(self.source.choice(union))
        self.source.shuffle(chosen)
        fields = [(field.name, self.field(field, type_, depth)) for field in chosen]
        return "(" + ", ".join(f"{name} = {value}" for name, value in fields if value is not None) + ")"

    def field(self, field: Field, type_: StructType, depth: int) -> str | None:
        if isinstance(field.body, Group):
            return self.struct(field.body.type_id, type_, depth)
        assert isinstance(field.body, Slot)
        return self.value(apply_brand(field.body.type, type_.brand), depth)


class Tool:
    """The `capnp` program."""

    def convert(self, formats: str, type_name: str, content: bytes, *options: str) -> bytes:
        """Converts messages of the schema of these tests."""
        command = ["capnp", "convert", *options, formats, str(SCHEMA), type_name]
        done = subprocess.run(command, input=content, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout


@pytest.fixture(scope="session")
def tool() -> Tool:
    """The `capnp` program; without it the test is skipped."""
    if shutil.which("capnp") is None:
        pytest.skip("the capnp program is not installed (Debian package capnproto)")
    return Tool()


@pytest.fixture(scope="session")
def schema() -> CompiledFile:
    """The schema of these tests, compiled."""
    return compile_file(SCHEMA)
