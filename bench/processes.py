"""A server and its client as two processes on TCP loopback, in bounded time.

A contestant is a program that is run as `PROGRAM server`, which prints the port that the system chose, and as
`PROGRAM client PORT [ARGUMENT...]`, which prints one number. Most are modules, run by `python -m`; `contestant_main` is how such a module
reads its arguments.
"""

from __future__ import annotations

import asyncio
import importlib.util
import selectors
import shutil
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from bench.row import Measure

__all__ = [
    "SCHEMAS",
    "between",
    "blocking_main",
    "contestant_main",
    "cxx_over_loopback",
    "cxx_program",
    "over_loopback",
]

_ROOT = Path(__file__).resolve().parent.parent
# Where the schemas of the contestants are.
SCHEMAS = _ROOT / "bench" / "schemas"
_START_S = 30
_CLIENT_S = 60
_COMPILE_S = 300
_STOP_S = 5


@contextmanager
def over_loopback(module: str, *arguments: str, needs: str | None = None) -> Iterator[Measure]:
    """Run the server of a contestant; each measure runs its client once and returns the number that it printed.

    Args:
        module: the contestant.
        arguments: given to the client after the port.
        needs: the package without which the contestant cannot run.

    Raises:
        ImportError: that package is not installed.
        RuntimeError: the server or a client failed, or took too long.
    """
    if needs is not None and importlib.util.find_spec(needs) is None:
        raise ImportError(f"{needs} is not installed")
    with between([sys.executable, "-m", module], *arguments) as measure:
        yield measure


@contextmanager
def cxx_over_loopback(name: str, schema: str, *arguments: str) -> Iterator[Measure]:
    """Do as `over_loopback` does, with a contestant in C++ that is compiled first: the implementation that the system has.

    Args:
        name: the source beside the other contestants, without `.c++`.
        schema: the schema that it is compiled with, without `.capnp`.
        arguments: given to the client after the port.

    Raises:
        ImportError: there is no compiler or no C++ library of Cap'n Proto.
        RuntimeError: the server or a client failed, or took too long.
    """
    with between([cxx_program(name, schema)], *arguments) as measure:
        yield measure


@contextmanager
def between(program: Sequence[str], *arguments: str) -> Iterator[Measure]:
    """Run the server of a contestant; each measure runs its client once and returns the number that it printed.

    Args:
        program: the command that runs the contestant.
        arguments: given to the client after the port.

    Raises:
        RuntimeError: the server or a client failed, or took too long.
    """
    command = list(program)
    name = command[-1]
    server = subprocess.Popen([*command, "server"], cwd=_ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        port = _read_port(server, name)

        def measure() -> float:
            client = [*command, "client", str(port), *arguments]
            try:
                done = subprocess.run(client, cwd=_ROOT, stdout=subprocess.PIPE, timeout=_CLIENT_S, check=True)
            except subprocess.SubprocessError as error:
                raise RuntimeError(f"{name}: the client failed: {error}") from error
            return float(done.stdout)

        yield measure
    finally:
        server.terminate()
        try:
            server.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        assert server.stdout is not None
        server.stdout.close()


@cache
def cxx_program(name: str, schema: str) -> str:
    """Compile a contestant in C++ and return the program.

    Args:
        name: the source beside the other contestants, without `.c++`.
        schema: the schema that it is compiled with, without `.capnp`.

    Raises:
        ImportError: there is no compiler or no C++ library of Cap'n Proto.
    """
    for tool in ("capnp", "capnpc-c++", "g++"):
        if shutil.which(tool) is None:
            raise ImportError(f"{tool} is not installed")
    folder = _ROOT / "build" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(SCHEMAS / f"{schema}.capnp", folder)
    source = _ROOT / "bench" / "peers" / f"{name}.c++"
    libraries = ["-lcapnp-rpc", "-lcapnp", "-lkj-async", "-lkj", "-lpthread"]
    try:
        subprocess.run(["capnp", "compile", "-oc++", f"{schema}.capnp"], cwd=folder, check=True, timeout=_CLIENT_S)
        command = ["g++", "-O2", "-std=c++14", "-I.", str(source), f"{schema}.capnp.c++", "-o", name, *libraries]
        subprocess.run(command, cwd=folder, check=True, timeout=_COMPILE_S, stderr=subprocess.PIPE)
    except subprocess.CalledProcessError as error:
        raise ImportError(f"{name} cannot be compiled, is libcapnp-dev installed? {error}") from error
    return str(folder / name)


def _read_port(server: subprocess.Popen[bytes], name: str) -> int:
    """Wait for the line by which a server says that it listens."""
    assert server.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(server.stdout, selectors.EVENT_READ)
        if not selector.select(_START_S):
            raise RuntimeError(f"{name}: the server does not say where it listens")
    line = server.stdout.readline()
    if not line.strip().isdigit():
        raise RuntimeError(f"{name}: the server failed before it listened")
    return int(line)


def contestant_main(
    serve: Callable[[], Coroutine[Any, Any, None]],
    measure: Callable[..., Coroutine[Any, Any, float]],
    run: Callable[[Coroutine[Any, Any, float | None]], float | None] = asyncio.run,
) -> None:
    """Be the server or the client of a contestant, as the command line says.

    Args:
        serve: listens at a free port, prints it (flushed) and serves until the process is ended.
        measure: given the port and the other arguments, returns the figure.
        run: what runs coroutines.
    """
    role, *arguments = sys.argv[1:]
    if role == "server":
        run(serve())
    else:
        print(run(measure(int(arguments[0]), *arguments[1:])))


def blocking_main(serve: Callable[[], None], measure: Callable[..., float]) -> None:
    """Be the server or the client of a contestant without an event loop, as the command line says.

    Args:
        serve: listens at a free port, prints it (flushed) and serves until the process is ended.
        measure: given the port and the other arguments, returns the figure.
    """
    role, *arguments = sys.argv[1:]
    if role == "server":
        serve()
    else:
        print(measure(int(arguments[0]), *arguments[1:]))
