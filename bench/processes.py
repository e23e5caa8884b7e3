"""A server and its client as two processes on TCP loopback, in bounded time.

A contestant is a module that is run as `python -m MODULE server`, which prints the port that the system chose, and as
`python -m MODULE client PORT [ARGUMENT...]`, which prints one number. `contestant_main` is how such a module reads its arguments.
"""

from __future__ import annotations

import asyncio
import importlib.util
import selectors
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.row import Measure

__all__ = ["contestant_main", "over_loopback"]

_ROOT = Path(__file__).resolve().parent.parent
_START_S = 30
_CLIENT_S = 60
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
    command = [sys.executable, "-m", module]
    server = subprocess.Popen([*command, "server"], cwd=_ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        port = _read_port(server, module)

        def measure() -> float:
            client = [*command, "client", str(port), *arguments]
            try:
                done = subprocess.run(client, cwd=_ROOT, stdout=subprocess.PIPE, timeout=_CLIENT_S, check=True)
            except subprocess.SubprocessError as error:
                raise RuntimeError(f"{module}: the client failed: {error}") from error
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


def _read_port(server: subprocess.Popen[bytes], module: str) -> int:
    """Wait for the line by which a server says that it listens."""
    assert server.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(server.stdout, selectors.EVENT_READ)
        if not selector.select(_START_S):
            raise RuntimeError(f"{module}: the server does not say where it listens")
    line = server.stdout.readline()
    if not line.strip().isdigit():
        raise RuntimeError(f"{module}: the server failed before it listened")
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
