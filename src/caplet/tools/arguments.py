"""The options of each command.

Knows spellings, and the errors and help about them. What commands do is elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from caplet import __version__
from caplet.compiler.compile import LANGUAGE_VERSION
from caplet.tools.problems import UsageError

__all__ = ["COMMANDS", "command_parser", "main_parser", "positionals", "version_text"]

COMMANDS = {
    "check": "Report what a new version of a schema file breaks.",
    "compile": "Generate source code from schema files.",
    "completion": "Print a script that completes commands and options.",
    "convert": "Convert messages between binary, text, JSON, etc.",
    "decode": "Convert binary messages to text (see also `convert`).",
    "encode": "Convert text to binary messages (see also `convert`).",
    "eval": "Evaluate a const from a schema file.",
    "id": "Generate a new unique ID.",
}

_USAGE = {
    "check": "<old> <new>",
    "compile": "<source>...",
    "completion": "bash|zsh",
    "convert": "<from>:<to> [<schema-file>] [<type>]",
    "decode": "<schema-file> <type>",
    "encode": "<schema-file> <type>",
    "eval": "<schema-file> <name>",
    "id": "",
}

_FORMATS = """formats:
  binary       segment table and segments, as on a stream
  packed       the same, packed
  flat         one segment without a table
  flat-packed  the same, packed
  canonical    one canonical segment without a table
  text         literals of the schema language
  json         JSON

Text and JSON need <schema-file> and <type>, the struct type of the messages."""

_EPILOGS = {
    "check": "One change a line: where, the rule, and what it is. Exit code 0: nothing breaks; 1: something does; 2: a problem.",
    "convert": _FORMATS,
    "eval": "<name> is a constant, a field of a struct (for its default), or a part of one: Outer.someConstant.list[4].field",
}


class _Parser(argparse.ArgumentParser):
    """A parser whose errors look like those of the C++ tool."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}\nTry '{self.prog} --help' for more information.", file=sys.stderr)
        raise SystemExit(1)


def version_text() -> str:
    """Return the answer to `--version`: scripts look for the language version in it."""
    version = LANGUAGE_VERSION
    return f"Cap'n Proto version {version.major}.{version.minor}.{version.micro} (Caplet {__version__})"


def main_parser() -> argparse.ArgumentParser:
    """Return the parser of what stands before the command."""
    lines = [f"  {name:12}{text}" for name, text in COMMANDS.items()]
    parser = _Parser(
        "caplet",
        usage="caplet [<option>...] <command> [<arg>...]",
        description="Command line tool for Cap'n Proto.",
        epilog="commands:\n" + "\n".join(lines) + "\n\nSee 'caplet help <command>' for more about one of them.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common(parser)
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-I",
        "--import-path",
        action="append",
        default=[],
        metavar="<dir>",
        help="look in <dir> for imports that begin with '/'",
    )
    parser.add_argument(
        "--no-standard-import", action="store_true", help="do not look in the standard places for such imports"
    )
    parser.add_argument("--verbose", action="store_true", help="show where in the program an error came from")
    parser.add_argument("--version", action="version", version=version_text(), help="print the version and exit")


def command_parser(command: str) -> argparse.ArgumentParser:
    """Return the parser of a command's own arguments."""
    parser = _Parser(
        f"caplet {command}",
        usage=f"caplet {command} [<option>...] {_USAGE[command]}".rstrip(),
        description=COMMANDS[command],
        epilog=_EPILOGS.get(command),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_common(parser)
    parser.add_argument("arguments", nargs="*", help=argparse.SUPPRESS)
    add = parser.add_argument
    if command == "check":
        text = "also report what changes source code that uses the schema, such as new names"
        add("--source", action="store_true", help=text)
    if command == "compile":
        text = "generate code with the plugin capnpc-<lang> (or the program at a path) in <dir>; '-' dumps the request"
        add("-o", "--output", action="append", default=[], metavar="<lang>[:<dir>]", help=text)
        add("--src-prefix", action="append", default=[], metavar="<prefix>", help="remove <prefix> from output names")
    if command in ("convert", "encode"):
        text = "write segments of <n> words; otherwise each message is one segment"
        add("--segment-size", default="0", metavar="<n>", help=text)
    if command in ("convert", "decode"):
        add("--quiet", action="store_true", help="do not check whether the input looks like another format")
    if command in ("convert", "decode", "eval"):
        add("--short", action="store_true", help="print text and JSON on one line")
    if command in ("decode", "encode"):
        add("--flat", action="store_true", help="one segment without a table")
        add("-p", "--packed", action="store_true", help="packed")
    if command == "eval":
        add("-o", "--output", default="text", metavar="<format>", help="the format, as for convert; text by default")
        add("-b", "--binary", dest="output", action="store_const", const="binary", help="same as -obinary")
        add("--flat", action="store_true", help="same as -oflat; with -p, -oflat-packed")
        add("-p", "--packed", action="store_true", help="same as -opacked")
    return parser


def positionals(arguments: Sequence[str], required: Sequence[str], optional: int = 0) -> list[str]:
    """Return the arguments that are not options.

    Args:
        arguments: as given.
        required: the names of those that must be there.
        optional: how many more there may be.

    Raises:
        UsageError: some are missing, or there are too many.
    """
    if len(arguments) < len(required):
        raise UsageError(f"missing argument <{required[len(arguments)]}>")
    if len(arguments) > len(required) + optional:
        raise UsageError(f"{arguments[len(required) + optional]}: too many arguments")
    return list(arguments)
