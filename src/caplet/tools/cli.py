"""The command line: it can stand in for `capnp` in scripts.

Knows the commands, their exit codes and how problems are shown. Formats, names and options are in the modules beside this one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

from caplet.codegen.modules import write_modules
from caplet.codegen.plugins import run_plugin
from caplet.codegen.schema_text import print_schemas
from caplet.compiler import compile_file, compile_files
from caplet.errors import CapletError, CompileError
from caplet.notation.json_codec import JsonCodec
from caplet.notation.text import TextPrinter
from caplet.schema.codec import encode_request
from caplet.schema.evolution import Effect, breaking_changes
from caplet.schema.ids import random_id
from caplet.schema.model import PRIMITIVES, StructType, TypeKind
from caplet.tools.arguments import COMMANDS, command_parser, main_parser, positionals
from caplet.tools.completion import completion_script
from caplet.tools.formats import (
    FORMATS,
    NOTATIONS,
    MessageType,
    check_format,
    chunks,
    first_chunks,
    read_messages,
    write_message,
)
from caplet.tools.names import SchemaNames
from caplet.tools.problems import ConversionError, UsageError
from caplet.wire.message import MessageReader

__all__ = ["main"]

_HEAD_BYTES: Final = 16
_MOST_SEGMENT_WORDS: Final = 2**28
_EMPTY_STRUCT: Final = bytes([0xFC, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: what stands behind the program's name; by default what the program was called with.

    Returns:
        The exit code: 0, or 1 after a problem; for `check` 1 says that the versions do not fit, and 2 is a problem.
    """
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except BrokenPipeError:
        # Whoever read the output has enough; nothing more must be written when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1


def _run(arguments: Sequence[str]) -> int:
    before = main_parser().parse_args(arguments)
    command: str | None = before.command
    if command is None:
        return _usage_problem("caplet", "missing command")
    if command == "help":
        return _help(before.rest)
    action = _ACTIONS.get(command)
    if action is None:
        return _usage_problem("caplet", f"{command}: unknown command")
    options = command_parser(command).parse_intermixed_args(before.rest)
    options.import_path = before.import_path + options.import_path
    for flag, directories in (("-I ", options.import_path), ("--src-prefix=", getattr(options, "src_prefix", []))):
        for directory in directories:
            if not Path(directory).is_dir():
                _usage_problem(f"caplet {command}", f"{flag}{directory}: no such directory")
                return 2 if command == "check" else 1
    options.no_standard_import = before.no_standard_import or options.no_standard_import
    trouble = 2 if command == "check" else 1
    try:
        code = action(options)
        sys.stdout.flush()
    except UsageError as problem:
        _usage_problem(f"caplet {command}", str(problem))
        return trouble
    except MemoryError:
        print(f"caplet {command}: there is not enough memory", file=sys.stderr)
        return trouble
    except (CapletError, ConversionError, OSError) as problem:
        if isinstance(problem, BrokenPipeError) or before.verbose or options.verbose:
            raise
        sys.stdout.flush()
        _show(problem, f"caplet {command}", sys.stderr)
        return trouble
    return code or 0


def _help(words: Sequence[str]) -> int:
    if not words or words[0] == "help":
        main_parser().print_help()
    elif words[0] in COMMANDS:
        command_parser(words[0]).print_help()
    else:
        return _usage_problem("caplet", f"{words[0]}: unknown command")
    return 0


def _usage_problem(program: str, problem: str) -> int:
    print(f"{program}: {problem}\nTry '{program} --help' for more information.", file=sys.stderr)
    return 1


def _show(problem: BaseException, program: str, stream: TextIO) -> None:
    """Print a problem; coloured on a terminal."""
    if not isinstance(problem, CompileError):
        print(f"{program}: {problem}", file=stream)
        return
    coloured = stream.isatty() and "NO_COLOR" not in os.environ
    for diagnostic in problem.diagnostics:
        text = diagnostic.render()
        print(text.replace(" error: ", " \x1b[1;31merror:\x1b[0m ", 1) if coloured else text, file=stream)


# -- commands -----------------------------------------------------------------------------------------------------------


def _compile(options: argparse.Namespace) -> None:
    sources = positionals(options.arguments, ["source"], len(options.arguments))
    for source in sources:
        if not Path(source).is_file():
            raise UsageError(f"{source}: no such file")
    outputs = [_output(text) for text in options.output]
    if not outputs:
        raise UsageError("no outputs specified")
    names = {source: _without_prefix(source, options.src_prefix) for source in sources}
    compilation = compile_files(
        sources, options.import_path, standard_import=not options.no_standard_import, display_names=names
    )
    for language, directory in outputs:
        if language == "-":
            sys.stdout.buffer.write(encode_request(compilation.request))
            sys.stdout.buffer.flush()
        elif language == "capnp":
            print(print_schemas(compilation.request), end="")
        elif language == "python":
            write_modules(compilation.request, directory)
        else:
            run_plugin(language, compilation.request, directory)


def _output(text: str) -> tuple[str, str]:
    language, colon, directory = text.partition(":")
    if colon and not Path(directory).is_dir():
        raise UsageError(f"-o {text}: output location is inaccessible or is not a directory")
    return language, directory or "."


def _without_prefix(source: str, prefixes: Sequence[str]) -> str:
    """Return the name of a file for its output: without the first prefix that it begins with."""
    name = os.path.normpath(source)
    if os.path.isabs(name) and Path(name).is_relative_to(Path.cwd()):
        name = os.path.relpath(name)
    for prefix in prefixes:
        directory = os.path.normpath(prefix) + os.sep
        if name.startswith(directory):
            return Path(name[len(directory) :]).as_posix()
    return Path(name).as_posix().lstrip("/")


def _convert(options: argparse.Namespace) -> None:
    arguments = positionals(options.arguments, ["from>:<to"], 2)
    source, colon, target = arguments[0].partition(":")
    if not colon:
        raise UsageError(f"{arguments[0]}: invalid conversion, expected <from>:<to>")
    for name in (source, target):
        if name not in FORMATS:
            raise UsageError(f"{arguments[0]}: unknown format: {name}")
    if len(arguments) < 3:
        needing = next((name for name in (source, target) if name in NOTATIONS), None)
        if needing is not None:
            raise UsageError(f"format requires schema: {needing}")
    _convert_stream(options, source, target, arguments[1:])


def _decode(options: argparse.Namespace) -> None:
    _convert_stream(options, _binary_format(options), "text", positionals(options.arguments, ["schema-file", "type"]))


def _encode(options: argparse.Namespace) -> None:
    options.short = options.quiet = True
    names = positionals(options.arguments, ["schema-file", "type"])
    if not _convert_stream(options, "text", _binary_format(options), names):
        raise ConversionError("the input is empty")


def _binary_format(options: argparse.Namespace) -> str:
    if options.flat:
        return "flat-packed" if options.packed else "flat"
    return "packed" if options.packed else "binary"


def _convert_stream(options: argparse.Namespace, source: str, target: str, schema: Sequence[str]) -> int:
    """Convert what comes in, and return how many messages that were."""
    words = _segment_words(getattr(options, "segment_size", "0"))
    type_ = None
    if len(schema) == 2 and (source in NOTATIONS or target in NOTATIONS):
        names = SchemaNames(schema[0], options.import_path, not options.no_standard_import)
        type_ = MessageType(names.registry, names.struct(schema[1]), not options.short)
    with open(sys.stdin.fileno(), "rb", closefd=False) as file:
        stream = chunks(file)
        head = first_chunks(stream, _HEAD_BYTES)
        check_format(source, head, options.quiet)
        rest: Iterator[bytes] = chain([head], stream)
        count = 0
        for message in read_messages(source, rest, type_):
            sys.stdout.buffer.write(write_message(target, message, type_, words))
            sys.stdout.buffer.flush()
            count += 1
    return count


def _segment_words(text: str) -> int:
    try:
        words = int(text, 0)
    except ValueError:
        words = -1
    if words < 0:
        raise UsageError(f"--segment-size={text}: not an integer")
    if words > _MOST_SEGMENT_WORDS:
        raise UsageError(f"--segment-size={text}: a segment has at most {_MOST_SEGMENT_WORDS} words")
    return words


def _eval(options: argparse.Namespace) -> None:
    path, name = positionals(options.arguments, ["schema-file", "name"])
    if options.flat or options.packed:
        options.output = _binary_format(options)
    if options.output not in FORMATS:
        raise UsageError(f"-o {options.output}: unknown format: {options.output}")
    names = SchemaNames(path, options.import_path, not options.no_standard_import)
    found = names.constant(name)
    if options.output == "text":
        # The original shows a Float32 that stands alone with all the digits of a Float64.
        shown_type = PRIMITIVES[TypeKind.FLOAT64] if found.type.kind == TypeKind.FLOAT32 else found.type
        print(TextPrinter(names.registry).format_value(shown_type, found.value, not options.short))
    elif options.output == "json":
        print(JsonCodec(names.registry, pretty=not options.short).encode_value(found.type, found.value))
    elif isinstance(found.type, StructType):
        content = found.value.content if isinstance(found.value.content, bytes) else _EMPTY_STRUCT
        sys.stdout.buffer.write(write_message(options.output, MessageReader([content]).root, None))
    else:
        raise UsageError(f"{name}: not a struct; binary output is only available on structs")


def _id(options: argparse.Namespace) -> None:
    positionals(options.arguments, [])
    print(f"@{random_id():#018x}")


def _completion(options: argparse.Namespace) -> None:
    (shell,) = positionals(options.arguments, ["shell"])
    print(completion_script(shell), end="")


def _check(options: argparse.Namespace) -> int:
    paths = positionals(options.arguments, ["old", "new"])
    for path in paths:
        if not Path(path).is_file():
            raise UsageError(f"{path}: no such file")
    standard = not options.no_standard_import
    old, new = (compile_file(path, options.import_path, standard_import=standard) for path in paths)
    least = Effect.SOURCE if options.source else Effect.REMOVED
    changes = list(breaking_changes(old.registry, old.id, new.registry, new.id, at_least=least))
    for change in changes:
        print(change)
    return 1 if changes else 0


_ACTIONS: Final[dict[str, Callable[[argparse.Namespace], int | None]]] = {
    "check": _check,
    "compile": _compile,
    "completion": _completion,
    "convert": _convert,
    "decode": _decode,
    "encode": _encode,
    "eval": _eval,
    "id": _id,
}
