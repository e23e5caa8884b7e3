"""The command line: the same output, exit codes and files as `capnp`."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from caplet.schema.codec import decode_request
from caplet.tools.cli import main
from caplet.tools.completion import completion_script

from .conftest import SOURCE, Programs

FORMATS = ("binary", "packed", "flat", "flat-packed", "canonical", "text", "json")
PERSON = (
    b'(name = "Ada", age = 36, friends = [(name = "B", age = 0), (work = (deep = [[1, 2], [], [-3]]))], home = void)'
)


@pytest.mark.parametrize("source", FORMATS)
def test_every_conversion_gives_the_bytes_of_the_original(programs: Programs, source: str) -> None:
    names = ("person.capnp", "Person")
    content = programs.theirs("convert", f"text:{source}", *names, content=PERSON).stdout
    for target in FORMATS:
        expected = programs.theirs("convert", f"{source}:{target}", *names, content=content)
        found = programs.ours("convert", f"{source}:{target}", *names, content=content)
        assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout), found.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        ("convert", "--short", "binary:text", "person.capnp", "Person"),
        ("convert", "binary:text", "person.capnp", "--short", "Person"),
        ("convert", "--short", "binary:json", "person.capnp", "Person"),
        ("convert", "--segment-size=1", "binary:binary"),
        ("convert", "--segment-size", "4", "binary:packed"),
        ("convert", "binary:packed"),
        ("decode", "person.capnp", "Person"),
        ("decode", "--short", "person.capnp", "Person"),
    ],
)
def test_streams_of_messages_are_converted_as_the_original_does(programs: Programs, arguments: tuple[str, ...]) -> None:
    content = programs.theirs("encode", "person.capnp", "Person", content=PERSON + b"\n(age = 1)\n").stdout
    assert programs.ours("encode", "person.capnp", "Person", content=PERSON + b"\n(age = 1)\n").stdout == content
    found, expected = programs.ours(*arguments, content=content), programs.theirs(*arguments, content=content)
    assert (found.returncode, found.stdout) == (0, expected.stdout), found.stderr.decode()


@pytest.mark.parametrize("options", [("--packed",), ("-p",), ("--flat",), ("-p", "--flat"), ("--segment-size=2",)])
def test_encode_and_decode_take_the_options_of_the_original(programs: Programs, options: tuple[str, ...]) -> None:
    expected = programs.theirs("encode", *options, "person.capnp", "Person", content=PERSON)
    found = programs.ours("encode", *options, "person.capnp", "Person", content=PERSON)
    assert (found.returncode, found.stdout) == (0, expected.stdout)
    if "--segment-size=2" not in options:
        again = programs.ours("decode", *options, "person.capnp", "Person", content=found.stdout)
        assert (
            again.stdout == programs.theirs("decode", *options, "person.capnp", "Person", content=found.stdout).stdout
        )


@pytest.mark.parametrize(
    "arguments",
    [
        ("limit",),
        ("someone",),
        ("--short", "someone"),
        ("someone.friends",),
        ("someone.friends[1].work.deep[0][1]",),
        ("someone.friends[0].name",),
        ("Person.name",),
        ("Person.age",),
        ("color",),
        ("names[1]",),
        ("-ojson", "someone"),
        ("--output=binary", "someone"),
        ("-b", "someone"),
        ("-p", "someone"),
        ("--flat", "someone"),
        ("-ocanonical", "someone"),
        ("-p", "--flat", "someone"),
    ],
)
def test_eval_prints_what_the_original_prints(programs: Programs, arguments: tuple[str, ...]) -> None:
    *options, name = arguments
    expected = programs.theirs("eval", *options, "person.capnp", name)
    found = programs.ours("eval", *options, "person.capnp", name)
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout), found.stderr.decode()


GROUPS = b"""@0xbf5147cbbecf40c4;
struct P {
  g :group { a @0 :Int32 = 7; h :group { t @1 :Text = "hi"; b @2 :Bool; } }
  union { u @3 :Void; v :group { x @4 :Int16 = 3; y @5 :List(Int8) = [1, 2]; } w @6 :Text; }
  inner @7 :P;
}
const p :P = (g = (a = 5, h = (t = "q")), v = (x = 9));
const q :P = (w = "w", inner = (g = (a = 2)));
const ps :List(P) = [(g = (a = 1)), (w = "www")];
"""


class Groups:
    """Evaluates names of `GROUPS` with the command line in this process, which starts no interpreter each time."""

    def __init__(self, programs: Programs, captured: pytest.CaptureFixture[bytes]) -> None:
        (programs.directory / "groups.capnp").write_bytes(GROUPS)
        self.programs = programs
        self.captured = captured

    def ours(self, *arguments: str) -> tuple[int, bytes, str]:
        code = main(["eval", arguments[0], str(self.programs.directory / "groups.capnp"), *arguments[1:]])
        written = self.captured.readouterr()
        return code, written.out, written.err.decode()


@pytest.fixture
def groups(programs: Programs, capfdbinary: pytest.CaptureFixture[bytes]) -> Groups:
    return Groups(programs, capfdbinary)


@pytest.mark.parametrize("option", ["-otext", "--short", "-ojson", "-b"])
def test_eval_of_groups_gives_what_the_original_gives(programs: Programs, groups: Groups, option: str) -> None:
    structs = ["p.g", "p.g.h", "P.g", "P.g.h", "p.v", "q.inner.g", "P.inner", "P.inner.g", "ps[1].g"]
    scalars = ["p.g.a", "p.g.h.t", "P.g.a", "P.g.h.t", "p.v.x", "p.v.y[1]", "q.w", "q.inner.g.a", "ps[0].g.a", "P.u"]
    for name in structs + ([] if option in ("-ojson", "-b") else scalars):
        expected = programs.theirs("eval", option, "groups.capnp", name)
        assert groups.ours(option, name) == (expected.returncode, expected.stdout, ""), name
        assert expected.returncode == 0


@pytest.mark.parametrize("name", ["x", "l", "l[1]", "s", "s.f", "S.f", "S.l[0]", "big", "tiny"])
def test_eval_of_floats_gives_the_digits_of_the_original(programs: Programs, name: str) -> None:
    (programs.directory / "floats.capnp").write_bytes(
        b"@0xbf5147cbbecf40c5; struct S { f @0 :Float32 = 0.1; l @1 :List(Float32) = [0.1]; }"
        b" const x :Float32 = 0.1; const l :List(Float32) = [0.1, 0.2]; const s :S = (f = 0.7);"
        b" const big :Float32 = 1e30; const tiny :Float64 = 4.9e-324;"
    )
    expected = programs.theirs("eval", "floats.capnp", name)
    found = programs.ours("eval", "floats.capnp", name)
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("p.u", "'u' is not the active member of its union"),
        ("q.v", "'v' is not the active member of its union"),
        ("q.inner.v.x", "'v' is not the active member of its union"),
        ("ps[1].v", "'v' is not the active member of its union"),
        ("p.g.nope", "the group 'g' has no field named 'nope'"),
        ("P.g.nope", "the group 'g' has no field named 'nope'"),
        ("p.nope", "P has no field named 'nope'"),
    ],
)
def test_eval_refuses_what_a_value_does_not_hold(programs: Programs, groups: Groups, name: str, problem: str) -> None:
    code, written, problems = groups.ours("--short", name)
    assert programs.theirs("eval", "groups.capnp", name).returncode == code == 1
    assert written == b""
    assert problem in problems


def test_eval_gives_the_default_of_every_member_of_a_union(groups: Groups) -> None:
    for name, expected in (("P.v", b"(x = 3)\n"), ("P.v.x", b"3\n"), ("P.v.y", b"[1, 2]\n"), ("P.w", b'""\n')):
        assert groups.ours("--short", name) == (0, expected, "")


@pytest.mark.parametrize("name", ["Pair(Text, Person)", "Names", "Person.Inner", "Pair(List(Text), Pair(Text, Text))"])
def test_the_type_may_be_generic_nested_or_an_alias(programs: Programs, name: str) -> None:
    content = b"()" if name == "Person.Inner" else b'(first = "x")' if "List" not in name else b'(first = ["x"])'
    expected = programs.theirs("convert", "text:json", "person.capnp", name, content=content)
    found = programs.ours("convert", "text:json", "person.capnp", name, content=content)
    assert (found.returncode, found.stdout) == (0, expected.stdout), found.stderr.decode()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("bogus",),
        ("help", "bogus"),
        ("-x",),
        ("convert",),
        ("convert", "a:b"),
        ("convert", "binary"),
        ("convert", "binary:text"),
        ("convert", "binary:text", "person.capnp"),
        ("convert", "binary:text", "person.capnp", "Nobody"),
        ("convert", "binary:text", "person.capnp", "Color"),
        ("convert", "binary:text", "no.capnp", "Person"),
        ("convert", "binary:text", "person.capnp", "Person"),
        ("convert", "binary:binary", "a", "b", "c"),
        ("convert", "--segment-size=x", "binary:binary"),
        ("convert", "--bogus"),
        ("compile",),
        ("compile", "person.capnp"),
        ("compile", "-onosuchlanguage", "person.capnp"),
        ("compile", "-oc++:nodirectory", "person.capnp"),
        ("compile", "-o-", "no.capnp"),
        ("compile", "-o-", "broken.capnp"),
        ("eval", "person.capnp"),
        ("eval", "person.capnp", "nothing"),
        ("eval", "person.capnp", "Person"),
        ("eval", "-b", "person.capnp", "limit"),
        ("eval", "-onothing", "person.capnp", "limit"),
        ("eval", "-I"),
        ("id", "x"),
        ("decode", "person.capnp"),
        ("decode", "person.capnp", "Person"),
    ],
)
def test_problems_end_with_the_exit_code_of_the_original_and_one_clear_message(
    programs: Programs, arguments: tuple[str, ...]
) -> None:
    found = programs.ours(*arguments)
    # A signal may end the original when a plugin does not read its request.
    assert programs.theirs(*arguments).returncode != 0
    assert found.returncode == 1
    assert found.stdout == b""
    assert found.stderr
    assert b"Traceback" not in found.stderr


@pytest.mark.parametrize(
    ("formats", "content", "hint"),
    [
        ("binary:text", PERSON, "text"),
        ("binary:text", b'{"age": 1, "name": "x"}', "json"),
        ("text:json", bytes([0, 0, 0, 0, 1, 0, 0, 0]) + bytes(8), "binary"),
        ("packed:text", bytes([0, 0, 0, 0, 1, 0, 0, 0]) + bytes(8), "binary"),
    ],
)
def test_an_input_in_another_format_is_refused_with_a_hint(
    programs: Programs, formats: str, content: bytes, hint: str
) -> None:
    found = programs.ours("convert", formats, "person.capnp", "Person", content=content)
    assert found.returncode == programs.theirs("convert", formats, "person.capnp", "Person", content=content).returncode
    assert f'It looks like it is in "{hint}" format' in found.stderr.decode()


@pytest.mark.parametrize("source", FORMATS)
def test_with_quiet_an_empty_input_is_no_messages(programs: Programs, source: str) -> None:
    arguments = ("convert", "--quiet", f"{source}:binary", "person.capnp", "Person")
    found, expected = programs.ours(*arguments), programs.theirs(*arguments)
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout) == (0, b""), found.stderr.decode()


@pytest.mark.parametrize("content", [b"(age = 1)\n# the end\n", b"# first\n(age = 1) # last", b"(age = 1)\n\n"])
def test_comments_around_messages_are_skipped_as_in_the_original(programs: Programs, content: bytes) -> None:
    arguments = ("convert", "text:binary", "person.capnp", "Person")
    found, expected = programs.ours(*arguments, content=content), programs.theirs(*arguments, content=content)
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout), found.stderr.decode()
    assert found.stdout


def test_an_input_that_is_not_packed_is_not_taken_for_a_packed_null(programs: Programs) -> None:
    content = programs.theirs("encode", "person.capnp", "Person", content=PERSON).stdout
    arguments = ("convert", "flat-packed:text", "person.capnp", "Person")
    found, expected = programs.ours(*arguments, content=content), programs.theirs(*arguments, content=content)
    assert (found.returncode, found.stdout) == (expected.returncode, expected.stdout) == (1, b"")
    assert b'It looks like it is in "binary" format' in found.stderr


def test_scripts_written_for_the_original_run_with_this_program(programs: Programs) -> None:
    script = """set -e
        $CAPNP encode person.capnp Person < in.txt > all.bin
        $CAPNP convert binary:packed < all.bin | $CAPNP decode --packed --short person.capnp Person
        $CAPNP eval --short person.capnp someone
        $CAPNP convert --short binary:json person.capnp Person < all.bin
        if $CAPNP decode person.capnp Nobody < all.bin 2> problem; then exit 9; fi
        if $CAPNP eval person.capnp nothing 2> problem; then exit 9; fi
        case "$($CAPNP --version)" in "Cap'n Proto version "*) echo good ;; esac
    """
    if shutil.which("capnp") is None:
        pytest.skip("the capnp program is not installed (Debian package capnproto)")
    (programs.directory / "in.txt").write_bytes(PERSON + b"(age = 1)")
    written = [
        subprocess.run(
            ["sh", "-c", script],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=programs.directory,
            env={**os.environ, "PYTHONPATH": SOURCE, "CAPNP": program},
            check=True,
        ).stdout
        for program in ("capnp", f"{sys.executable} -m caplet")
    ]
    assert written[0] == written[1]
    assert written[0].endswith(b"good\n")


def test_messages_before_a_bad_one_are_written(programs: Programs) -> None:
    found = programs.ours("convert", "--short", "text:text", "person.capnp", "Person", content=b"(age = 1) (age = x)")
    assert found.returncode == 1
    assert found.stdout == b"(age = 1, home = void)\n"
    assert b"<stdin>:1" in found.stderr


def test_a_truncated_stream_is_a_problem(programs: Programs) -> None:
    content = programs.ours("encode", "person.capnp", "Person", content=PERSON).stdout
    for kept in (content[:-3], content + content[:20]):
        found = programs.ours("convert", "binary:text", "person.capnp", "Person", content=kept)
        assert found.returncode == 1
        assert b"the input ends inside a message" in found.stderr


def test_compile_writes_a_request_with_names_as_in_the_original(programs: Programs) -> None:
    for options in ((), ("-I.",), ("--src-prefix=sub",), ("--src-prefix=sub/", "-I", ".")):
        arguments = ("compile", "-I.", *options, "-o-", "sub/other.capnp")
        found, expected = programs.ours(*arguments), programs.theirs(*arguments)
        assert found.returncode == expected.returncode == 0, found.stderr.decode()
        ours, theirs = decode_request(found.stdout), decode_request(expected.stdout)
        assert [file.filename for file in ours.requested_files] == [file.filename for file in theirs.requested_files]
        assert [node.display_name for node in ours.nodes] == [node.display_name for node in theirs.nodes]


def test_compile_runs_the_plugins_of_other_languages(programs: Programs) -> None:
    programs.theirs("--version")
    (programs.directory / "out").mkdir()
    found = programs.ours("compile", "-ocapnp", "-oc++:out", "person.capnp")
    assert found.returncode == 0, found.stderr.decode()
    assert b"struct Person" in found.stdout
    assert (programs.directory / "out" / "person.capnp.c++").is_file()


def test_options_may_stand_before_the_command(programs: Programs) -> None:
    found = programs.ours("-I.", "--no-standard-import", "compile", "-o-", "sub/other.capnp")
    assert found.returncode == 0, found.stderr.decode()


def test_problems_of_a_schema_are_shown_with_their_places(programs: Programs) -> None:
    found = programs.ours("compile", "-o-", "broken.capnp")
    assert re.search(rb"^broken.capnp:1:\d+-\d+: error: .*Nothing", found.stderr)
    assert b"\x1b" not in found.stderr


def test_an_id_is_new_each_time_and_has_its_highest_bit_set(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["id"]) == main(["id"]) == 0
    first, second = capsys.readouterr().out.split()
    assert first != second
    assert all(re.fullmatch("@0x[89a-f][0-9a-f]{15}", made) for made in (first, second))


def test_version_and_help_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--version"], ["convert", "--version"]):
        assert main(arguments) == 0
        assert re.match(r"Cap'n Proto version \d+\.\d+\.\d+ ", capsys.readouterr().out)
    for arguments in (["--help"], ["help"], ["help", "convert"], ["eval", "--help"]):
        assert main(arguments) == 0
        assert capsys.readouterr().out.startswith("usage: caplet ")


SHELLS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}


def typed(shell: str, line: bytes, directory: Path, script: str) -> bytes:
    """What the arguments are when a line with tabs is typed into a shell that was taught to complete."""
    start = 'autoload -U compinit; compinit -u -D; zstyle ":completion:*" insert-tab false\n' if shell == "zsh" else ""
    setup = f"{start}{script}\ncaplet() {{ printf '<%s>' \"$@\" > typed; exit; }}\nPS1='rea''dy> '\n"
    (directory / "setup").write_text(setup)
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(directory)
        os.environ["TERM"] = "xterm"
        os.execvp(shell, [shell, *SHELLS[shell]])
    try:
        os.write(terminal, b". ./setup\n")
        waiting, seen = True, b""
        while select.select([terminal], [], [], 30)[0]:
            try:
                seen += os.read(terminal, 4096)
            except OSError:  # The shell has ended.
                break
            if waiting and b"ready> " in seen:
                waiting = False
                os.write(terminal, line + b"\n")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(terminal)
    return (directory / "typed").read_bytes()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"caplet conv\t", b"<convert>"),
        (b"caplet convert binary:pa\t", b"<convert><binary:packed>"),
        (b"caplet convert --sho\t bin\tjs\tperson.ca\t", b"<convert><--short><binary:json><person.capnp>"),
        (b"caplet eval per\t", b"<eval><person.capnp>"),
        (b"caplet compile --src\t", b"<compile><--src-prefix>"),
        (b"caplet completion z\t", b"<completion><zsh>"),
        (b"caplet help ev\t", b"<help><eval>"),
    ],
)
def test_shells_complete_commands_options_formats_and_files(
    programs: Programs, shell: str, line: bytes, expected: bytes
) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    assert typed(shell, line, programs.directory, completion_script(shell)) == expected


def test_a_reader_that_stops_early_is_no_crash(programs: Programs) -> None:
    content = programs.ours("encode", "person.capnp", "Person", content=PERSON * 3000).stdout
    command = [sys.executable, "-m", "caplet", "decode", "--short", "person.capnp", "Person"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=programs.directory,
        env={"PYTHONPATH": SOURCE},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(content)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert b"Traceback" not in process.stderr.read()


def test_check_reports_what_breaks_one_rule_a_line(programs: Programs) -> None:
    old = "@0xbf5147cbbecf40c9; struct P { a @0 :Text; b @1 :Int32; } enum E { x @0; y @1; } struct Gone {}"
    new = "@0xbf5147cbbecf40c9; struct P { c @0 :Text; b @1 :Int64; d @2 :Bool; } enum E { x @0; }"
    (programs.directory / "old.capnp").write_text(old)
    (programs.directory / "new.capnp").write_text(new)
    found = programs.ours("check", "old.capnp", "new.capnp")
    lines = found.stdout.decode().splitlines()
    assert found.returncode == 1
    assert [line.split(": ")[:2] for line in lines] == [
        ["P.b", "type-changed"],
        ["E.y", "enumerant-removed"],
        ["Gone", "declaration-removed"],
    ]
    renamed = programs.ours("check", "--source", "old.capnp", "new.capnp").stdout
    assert b"P.a: field-renamed: 'a' became 'c'\n" in renamed


def test_check_says_nothing_when_nothing_breaks(programs: Programs) -> None:
    old = "@0xbf5147cbbecf40c9; struct P { a @0 :Text; }"
    (programs.directory / "old.capnp").write_text(old)
    (programs.directory / "new.capnp").write_text(old.replace("a @0 :Text;", "a @0 :Text; b @1 :Text;"))
    found = programs.ours("check", "old.capnp", "new.capnp")
    assert (found.returncode, found.stdout, found.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    "arguments", [("person.capnp",), ("person.capnp", "no.capnp"), ("broken.capnp", "person.capnp")]
)
def test_check_tells_problems_from_breaking_changes(programs: Programs, arguments: tuple[str, ...]) -> None:
    found = programs.ours("check", *arguments)
    assert (found.returncode, found.stdout) == (2, b"")
    assert found.stderr


def test_check_reports_another_file_id_once(programs: Programs) -> None:
    (programs.directory / "new.capnp").write_bytes(b"@0xbf5147cbbecf40c9; struct Person {}")
    found = programs.ours("check", "person.capnp", "new.capnp")
    assert found.returncode == 1
    assert found.stdout.startswith(b"person.capnp: file-id-changed: ")
    assert found.stdout.count(b"\n") == 1


def test_schemas_are_printed_back(programs: Programs) -> None:
    found = programs.ours("compile", "-ocapnp", "person.capnp")
    assert (found.returncode, found.stdout) == (0, programs.theirs("compile", "-ocapnp", "person.capnp").stdout)
