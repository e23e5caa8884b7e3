"""Running the code generators of other languages.

Knows how a generator is found and started: a program `capnpc-<language>` that reads a request from its standard input
and writes files into its working directory. It does not know what is in the request.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from caplet.errors import PluginError
from caplet.schema.codec import encode_request
from caplet.schema.model import CodeGeneratorRequest

__all__ = ["find_plugin", "run_plugin"]


def find_plugin(language: str) -> str:
    """Returns the program that generates code for a language.

    Args:
        language: as in `c++` for the program `capnpc-c++` of the search path, or the path of a program, with a slash.

    Raises:
        PluginError: there is no such program.
    """
    if os.sep in language or "/" in language:
        path = Path(language)
        if not path.is_file() or not os.access(path, os.X_OK):
            raise PluginError(f"{language} is not a program that can be run")
        return str(path.resolve())
    program = f"capnpc-{language}"
    found = shutil.which(program)
    if found is None:
        raise PluginError(f"there is no program {program} in the search path; install the generator for '{language}'")
    return found


def run_plugin(language: str, request: CodeGeneratorRequest, directory: str | Path = ".") -> None:
    """Runs a code generator.

    Args:
        language: as for `find_plugin`.
        request: the schemas.
        directory: where the generated files go.

    Raises:
        PluginError: there is no such generator or directory, or the generator failed; what it prints goes where this
            program's output goes.
    """
    program = find_plugin(language)
    if not Path(directory).is_dir():
        raise PluginError(f"{directory} is not a directory")
    try:
        done = subprocess.run([program], input=encode_request(request), cwd=directory, check=False)
    except OSError as error:
        raise PluginError(f"{program} cannot be started: {error.strerror}") from error
    if done.returncode < 0:
        raise PluginError(f"{program} was ended by signal {-done.returncode}")
    if done.returncode:
        raise PluginError(f"{program} failed with exit code {done.returncode}")
