"""Whatever the bytes are: a compilation ends with nodes or with a CompileError, soon."""

from __future__ import annotations

import os
import random
import sys
from difflib import get_close_matches
from pathlib import Path

import pytest

from caplet.compiler import compile_text, diagnostics
from caplet.errors import CompileError
from caplet.limits import SCHEMA_NESTING

SEED = int(os.environ.get("CAPLET_TEST_SEED", random.SystemRandom().randrange(2**32)))
ROUNDS = int(os.environ.get("CAPLET_FUZZ_ROUNDS", "400"))
CORPUS = Path(__file__).parent / "corpus"
FILES = {path.name: path.read_bytes() for path in CORPUS.iterdir() if path.is_file()}
WORDS = (
    b"struct union group enum interface using const annotation import embed extends stream void true inf nan - -> : = ; { } ( )"
    b' [ ] , . @ $ ! * @0 @1 @0x8000000000000000 0x 0x"00" "x" ` # \n List Text Int32 AnyPointer T a B c A.B .B 1 -1 1e5 "\xc3\xbc"'
).split(b" ")


def compile_or_hear_why(data: bytes) -> None:
    """Compiles a text, or is told why not."""
    why: CompileError | None = None
    try:
        compile_text(data, "fuzzed.capnp", files=FILES)
    except CompileError as error:
        why = error
    assert why is None or str(why), f"an error without a text, for {data!r}"


def test_random_bytes_never_crash_the_compiler() -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    generator = random.Random(SEED)
    for _ in range(ROUNDS):
        compile_or_hear_why(generator.randbytes(generator.randrange(200)))


def test_random_words_never_crash_the_compiler() -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    generator = random.Random(SEED)
    for _ in range(ROUNDS):
        words = generator.choices(WORDS, k=generator.randrange(1, 60))
        compile_or_hear_why(generator.choice([b" ", b""]).join(words))


def test_damaged_schemas_never_crash_the_compiler() -> None:
    sys.stdout.write(f"CAPLET_TEST_SEED={SEED}\n")
    generator = random.Random(SEED)
    texts = [data for name, data in FILES.items() if name.endswith(".capnp")]
    for _ in range(ROUNDS):
        data = bytearray(generator.choice(texts))
        for _ in range(generator.randrange(1, 6)):
            start = generator.randrange(len(data))
            end = min(len(data), start + generator.randrange(12))
            replacement = generator.choice(
                [generator.randbytes(2), generator.choice(WORDS), bytes(data[end : end + 20]), b""]
            )
            data[start:end] = replacement
        compile_or_hear_why(bytes(data))


@pytest.mark.parametrize(
    "text",
    [
        "(" * 100_000,
        "[" * 100_000,
        "struct A {" * 10_000,
        "const a :Int32 = " + "(" * 500 + "1" + ")" * 500 + ";",
        "const a :A = " + "(a = " * 500 + "1" + ")" * 500 + ";",
        "const a :" + "List(" * 500 + "Int32" + ")" * 500 + " = [];",
        "using A = B" + ".C" * 10_000 + ";",
        "using A = B" + "(C)" * 10_000 + ";",
        "struct A { u :union { " * 200 + "}" * 400,
    ],
    ids=lambda text: text[:24],
)
def test_nesting_bombs_are_refused(text: str) -> None:
    with pytest.raises(CompileError, match=f"{SCHEMA_NESTING}"):
        compile_text(text)


def test_long_chains_of_aliases_are_refused_without_a_crash() -> None:
    text = "".join(f"using A{number} = A{number + 1};\n" for number in range(5_000)) + "using A5000 = Int32;"
    with pytest.raises(CompileError, match="too deep"):
        compile_text(text)


def test_long_chains_of_constants_are_refused_without_a_crash() -> None:
    text = "".join(f"const a{number} :Int32 = .a{number + 1};\n" for number in range(5_000)) + "const a5000 :Int32 = 1;"
    with pytest.raises(CompileError, match="too deep"):
        compile_text(text)


def test_long_chains_of_structs_compile() -> None:
    text = "".join(f"struct A{number} {{ next @0 :A{number + 1}; }}\n" for number in range(5_000)) + "struct A5000 {}"
    compiled = compile_text(text)
    assert len(compiled.registry) == 5_002


def test_types_that_double_at_each_step_are_refused() -> None:
    text = "struct P(A, B) {}\nusing A0 = P(Text, Text);\n"
    text += "".join(f"using A{number + 1} = P(A{number}, A{number});\n" for number in range(60))
    with pytest.raises(CompileError, match="too large"):
        compile_text(text + "struct S { a @0 :A60; }")


def test_values_that_double_at_each_step_are_refused() -> None:
    text = f'struct S {{ l @0 :List(S); t @1 :Text; }}\nconst a0 :S = (t = "{"x" * 100_000}");\n'
    text += "".join(f"const a{number + 1} :S = (l = [.a{number}, .a{number}]);\n" for number in range(60))
    with pytest.raises(CompileError, match="the constants copied into others up to here are too large") as caught:
        compile_text(text)
    assert len(caught.value.diagnostics) == 1


def test_numbers_of_members_are_bounded() -> None:
    with pytest.raises(CompileError, match="at most 65534"):
        compile_text("struct A { a @65535 :Int32; }")


def test_a_huge_number_is_refused_without_being_computed() -> None:
    with pytest.raises(CompileError, match="64 bits"):
        compile_text("const a :UInt64 = " + "9" * 1_000_000 + ";")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"struct Abcdefgh{number} {{ a @0 :Abcdefgx{number}; }}\n" for number in range(2_000)),
        "enum E {"
        + "".join(f"value{number} @{number};" for number in range(5_000))
        + "} const l :List(E) = ["
        + ", ".join(f"vlaue{number}" for number in range(5_000))
        + "];",
    ],
    ids=["types", "enumerants"],
)
def test_names_are_compared_only_so_often(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Comparing each of thousands of unknown names with thousands of known ones took minutes."""
    compared = 0

    def count(name: str, known: list[str], n: int, cutoff: float) -> list[str]:
        nonlocal compared
        compared += len(known)
        return get_close_matches(name, known, n, cutoff)

    monkeypatch.setattr(diagnostics, "get_close_matches", count)
    with pytest.raises(CompileError, match="did you mean"):
        compile_text(text)
    assert 0 < compared <= 20_000


def test_a_name_as_long_as_the_file_is_neither_compared_nor_shown_whole() -> None:
    with pytest.raises(CompileError) as caught:
        compile_text(f"struct A{'ab' * 200_000} {{ a @0 :A{'ba' * 200_000}; }}")
    assert str(caught.value).endswith("is not defined")
    assert len(str(caught.value)) < 3_000


def test_there_are_not_more_diagnostics_than_anybody_reads() -> None:
    with pytest.raises(CompileError) as caught:
        compile_text("struct A {" + "a :Text;" * 10_000 + "}")
    assert len(caught.value.diagnostics) == 200
