"""Every flag of every command, on good input and bad: the same output and exit code as of `capnp`."""

from __future__ import annotations

import itertools
import os
import pty
import subprocess
import sys
import tempfile
from contextlib import ExitStack

import pytest

from caplet.schema.codec import decode_request
from caplet.tools.cli import main

from .conftest import SOURCE, Programs

SCHEMA = ("person.capnp", "Person")
PERSON = (
    b'(name = "Ada", age = 36, friends = [(name = "B", age = 0), (work = (deep = [[1, 2], [], [-3]]))], home = void)'
)
# What the original takes for a message, though it is none of that format: bytes behind the last word.
ACCEPTED = [
    *((("decode", "--flat", *SCHEMA), name) for name in ("cut", "and more")),
    *((("convert", "flat:text", *SCHEMA), name) for name in ("cut", "and more")),
    (("decode", "--packed", "--flat", *SCHEMA), "zeros"),
    (("convert", "flat-packed:text", *SCHEMA), "zeros"),
]
# What the original takes modulo a power of two.
NO_SIZES = ["-1", "4294967296", "9" * 20]
FORMATS = ("binary", "packed", "flat", "flat-packed", "canonical", "text", "json")


def ours(arguments: tuple[str, ...], content: bytes) -> tuple[int, bytes]:
    """What our program answers, in this process: a program of its own for each of so many cases takes too long."""
    former = sys.stdin, sys.stdout, sys.stderr
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        files[0].write(content)
        files[0].seek(0)
        for number, file in enumerate(files):
            saved = os.dup(number)
            stack.callback(os.close, saved)
            stack.callback(os.dup2, saved, number)
            os.dup2(file.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            stack.enter_context(os.fdopen(number, "r" if number == 0 else "w", closefd=False)) for number in range(3)
        )
        try:
            code = main(list(arguments))
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            sys.stdin, sys.stdout, sys.stderr = former
        written = []
        for file in files[1:]:
            file.seek(0)
            written.append(file.read())
    assert b"Traceback" not in written[1]
    return code, written[0]


@pytest.fixture
def inputs(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Messages in every format, and what is none."""
    monkeypatch.chdir(programs.directory)

    def encoded(*options: str, content: bytes = PERSON + b"\n(age = 1)\n") -> bytes:
        return programs.theirs("encode", *options, *SCHEMA, content=content).stdout

    return {
        "two": encoded(),
        "one": encoded(content=PERSON),
        "packed": encoded("-p"),
        "flat": encoded("--flat", content=PERSON),
        "flat packed": encoded("--flat", "-p", content=PERSON),
        "segments": encoded("--segment-size=1"),
        "nothing": b"",
        "cut": encoded()[:-3],
        "cut in the head": encoded()[:12],
        "cut packed": encoded("-p")[:-2],
        "and more": encoded() + b"abc",
        "junk": b"hello world, this is text\n",
        "zeros": bytes(16),
        "ones": b"\xff" * 24,
        "text": PERSON + b"\n(age = 1)\n",
        "json": b'{"name": "x"}',
    }


def compare(programs: Programs, inputs: dict[str, bytes], cases: list[tuple[tuple[str, ...], str]]) -> None:
    for arguments, name in cases:
        expected = programs.theirs(*arguments, content=inputs[name])
        code, written = ours(arguments, inputs[name])
        if code == 0:
            assert (expected.returncode, expected.stdout) == (0, written), (arguments, name)
        else:
            # The original prints something for what is no message, too; we print the whole messages before it.
            accepted = (arguments, name) in ACCEPTED or any(f"--segment-size={size}" in arguments for size in NO_SIZES)
            assert (code, expected.returncode) in ((1, 1), (1, int(not accepted))), (arguments, name)
            assert expected.stdout.startswith(written), (arguments, name)


@pytest.mark.parametrize("flags", [(), ("--short",), ("-p",), ("--flat",), ("--packed", "--flat")])
def test_decode_takes_its_flags_on_every_input(
    programs: Programs, inputs: dict[str, bytes], flags: tuple[str, ...]
) -> None:
    # The original prints messages without end when it unpacks what is not packed.
    names = [name for name in inputs if name != "ones" or "-p" not in flags or "--flat" in flags]
    compare(programs, inputs, [(("decode", *flags, *SCHEMA), name) for name in names])


@pytest.mark.parametrize("flags", [(), ("-p",), ("--flat",), ("-p", "--flat")])
def test_encode_takes_its_flags_on_every_input(
    programs: Programs, inputs: dict[str, bytes], flags: tuple[str, ...]
) -> None:
    names = ("text", "nothing", "junk", "json", "one")
    compare(programs, inputs, [(("encode", *flags, *SCHEMA), name) for name in names])


@pytest.mark.parametrize("source", FORMATS)
def test_convert_reads_or_refuses_every_input(programs: Programs, inputs: dict[str, bytes], source: str) -> None:
    names = [name for name in inputs if (source, name) != ("packed", "ones")]  # prints messages without end
    cases = [(("convert", f"{source}:text", *SCHEMA), name) for name in names]
    right = {"binary": "two", "canonical": "flat", "flat-packed": "flat packed"}.get(source, source)
    cases += [(("convert", "--quiet", f"{source}:text", *SCHEMA), name) for name in (right, "nothing")]
    compare(programs, inputs, cases)


@pytest.mark.parametrize("size", ["0", "1", "2", "7", "100000", "-1", "x", "", "4294967296", "9" * 20, "0x10", "1.5"])
def test_sizes_of_segments_are_taken_or_refused(programs: Programs, inputs: dict[str, bytes], size: str) -> None:
    flag = f"--segment-size={size}"
    cases = [
        (("encode", flag, *SCHEMA), "text"),
        (("convert", flag, "binary:binary"), "two"),
        (("convert", flag, "text:packed", *SCHEMA), "text"),
        (("convert", flag, "json:flat", *SCHEMA), "json"),
    ]
    compare(programs, inputs, cases)


def test_schemas_are_needed_for_text_and_json_only(programs: Programs, inputs: dict[str, bytes]) -> None:
    pairs = itertools.product(FORMATS, FORMATS)
    compare(programs, inputs, [(("convert", f"{source}:{target}"), "two") for source, target in pairs])


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "--shor", "binary:text", *SCHEMA),
        ("decode", "-pq", *SCHEMA),
        ("decode", "--short=1", *SCHEMA),
        ("id", "--bogus"),
        ("eval", "-obogus", "person.capnp", "someone"),
        ("eval", "-b", "person.capnp", "limit"),
        ("eval", "person.capnp", "someone."),
        ("eval", "person.capnp", "someone[0]"),
        ("eval", "person.capnp", "names[9]"),
        ("eval", "person.capnp", "names[-1]"),
        ("eval", "person.capnp", "names["),
        ("eval", "person.capnp", ""),
        ("eval", "--short", "person.capnp", "names"),
        ("eval", "-I.", "person.capnp", "color"),
        ("compile", "-o", "person.capnp"),
        ("compile", "-o:x", "person.capnp"),
        ("compile", "-I", "person.capnp"),
        ("compile", "-Inowhere", "-o-", "person.capnp"),
        ("compile", "--src-prefix=x", "-o-", "person.capnp"),
        ("convert", "-Inowhere", "text:json", *SCHEMA),
        ("convert", "--verbose", "binary:text", *SCHEMA),
    ],
)
def test_odd_arguments_are_taken_or_refused(
    programs: Programs, inputs: dict[str, bytes], arguments: tuple[str, ...]
) -> None:
    compare(programs, inputs, [(arguments, "two")])


@pytest.mark.parametrize(
    "options",
    [
        ("-I.", "person.capnp"),
        ("--import-path=.", "person.capnp"),
        ("--import-path", ".", "person.capnp"),
        ("--no-standard-import", "person.capnp"),
        ("--verbose", "person.capnp"),
        ("./person.capnp",),
        ("--src-prefix=.", "./person.capnp"),
        ("--src-prefix={here}", "{here}/person.capnp"),
        ("--src-prefix={here}/", "{here}/person.capnp"),
        ("{here}/person.capnp",),
        ("--", "person.capnp"),
    ],
)
@pytest.mark.usefixtures("inputs")  # in whose folder `ours` works
def test_compile_takes_its_flags(programs: Programs, options: tuple[str, ...]) -> None:
    arguments = ("compile", "-o-", *(option.format(here=programs.directory) for option in options))
    expected = programs.theirs(*arguments)
    code, written = ours(arguments, b"")
    assert code == expected.returncode == 0
    found, wanted = decode_request(written), decode_request(expected.stdout)
    assert [file.filename for file in found.requested_files] == [file.filename for file in wanted.requested_files]
    assert [node.display_name for node in found.nodes] == [node.display_name for node in wanted.nodes]


def test_problems_are_coloured_on_a_terminal_only(programs: Programs) -> None:
    command = [sys.executable, "-m", "caplet", "compile", "-o-", "broken.capnp"]
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | {"PYTHONPATH": SOURCE}
    found: dict[str, bytes] = {}
    for name, more in (("terminal", {}), ("without colour", {"NO_COLOR": "1"})):
        ours_end, its_end = pty.openpty()
        done = subprocess.run(command, cwd=programs.directory, env=environment | more, stderr=its_end, check=False)
        assert done.returncode == 1
        os.close(its_end)
        parts: list[bytes] = []
        try:
            while part := os.read(ours_end, 4096):
                parts.append(part)
        except OSError:  # the other end is closed and everything was read
            pass
        os.close(ours_end)
        found[name] = b"".join(parts)
    piped = subprocess.run(command, cwd=programs.directory, env=environment, capture_output=True, check=False)
    assert b"\x1b[1;31merror:\x1b[0m" in found["terminal"]
    assert found["terminal"].replace(b"\x1b[1;31m", b"").replace(b"\x1b[0m", b"") == found["without colour"]
    assert b"\x1b" not in found["without colour"]
    assert b"\x1b" not in piped.stderr
    assert b"error: 'Nothing' is not defined" in piped.stderr
