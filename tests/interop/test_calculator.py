"""The calculator between Caplet and other implementations, in both directions.

Every client prints the same five lines, whoever serves it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .cxx import compile_peers

HERE = Path(__file__).parent
EXAMPLE = HERE.parent.parent / "examples" / "calculator"
SCHEMA = EXAMPLE / "calculator.capnp"
EXPECTED = ["literal 123", "pipelined 101", "function 1336", "callback 1024", "error reported"]
TIMEOUT_S = 60


@pytest.fixture(scope="session")
def cxx_peers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the C++ peers once and return the folder that holds them."""
    folder = tmp_path_factory.mktemp("cxx")
    compile_peers(folder, "calculator.capnp", SCHEMA.read_text(), "calculator_server", "calculator_client")
    return folder


def require_pycapnp() -> None:
    if importlib.util.find_spec("capnp") is None:
        pytest.skip("pycapnp is not installed")


@contextmanager
def running(*command: str) -> Iterator[str]:
    """Run a server that prints where it listens, and give that line; the server stops when its input closes."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline().strip()
            assert line, f"{command} printed no address"
            yield line
        finally:
            process.kill()


def results_of_caplet_client(port: str, interceptor: Any = None) -> list[str]:
    """Run our example client's steps against the server at `port` and return the five lines."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        import client
    finally:
        sys.path.remove(str(EXAMPLE))
    import caplet

    async def run() -> list[str]:
        async with caplet.connect(f"tcp://127.0.0.1:{port}", interceptor=interceptor) as connection:
            calc = connection.bootstrap(client.Calculator)
            lines = [
                f"literal {await client.evaluate_a_literal(calc):g}",
                f"pipelined {await client.use_operators_before_they_arrive(calc):g}",
                f"function {await client.define_a_function(calc):g}",
                f"callback {await client.call_back(calc):g}",
            ]
            try:
                await calc.evaluate(expression={"parameter": 7}).value.read()
            except caplet.RpcError:
                lines.append("error reported")
            return lines

    return asyncio.run(asyncio.wait_for(run(), TIMEOUT_S))


def run_client(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=True)
    return done.stdout.splitlines()


def test_our_client_talks_to_a_cxx_server(cxx_peers: Path) -> None:
    with running(str(cxx_peers / "calculator_server"), "127.0.0.1:0") as port:
        assert results_of_caplet_client(port) == EXPECTED


def test_a_cxx_client_talks_to_our_server(cxx_peers: Path) -> None:
    with running(sys.executable, str(EXAMPLE / "server.py")) as address:
        port = address.rpartition(":")[2]
        assert run_client(str(cxx_peers / "calculator_client"), f"127.0.0.1:{port}") == EXPECTED


def test_our_client_talks_to_a_pycapnp_server() -> None:
    require_pycapnp()
    with running(sys.executable, str(HERE / "pycapnp_calculator_server.py"), str(SCHEMA)) as port:
        assert results_of_caplet_client(port) == EXPECTED


def test_a_pycapnp_client_talks_to_our_server() -> None:
    require_pycapnp()
    with running(sys.executable, str(EXAMPLE / "server.py")) as address:
        port = address.rpartition(":")[2]
        script = str(HERE / "pycapnp_calculator_client.py")
        assert run_client(sys.executable, script, str(SCHEMA), "127.0.0.1", port) == EXPECTED


TRACED_SERVER = """
import asyncio, sys
sys.path.insert(0, sys.argv[1])
import server, caplet
from caplet.telemetry import OpenTelemetry

async def main():
    async with caplet.serve("tcp://127.0.0.1:0", server.CalculatorServer(), interceptor=OpenTelemetry()) as serving:
        print(serving.address, flush=True)
        await serving.serve_forever()

asyncio.run(main())
"""


def test_telemetry_on_our_side_changes_nothing_for_a_cxx_peer(cxx_peers: Path) -> None:
    from caplet.telemetry import OpenTelemetry

    with running(str(cxx_peers / "calculator_server"), "127.0.0.1:0") as port:
        assert results_of_caplet_client(port, OpenTelemetry()) == EXPECTED
    with running(sys.executable, "-c", TRACED_SERVER, str(EXAMPLE)) as address:
        port = address.rpartition(":")[2]
        assert run_client(str(cxx_peers / "calculator_client"), f"127.0.0.1:{port}") == EXPECTED


def test_telemetry_on_our_side_changes_nothing_for_a_pycapnp_peer() -> None:
    require_pycapnp()
    from caplet.telemetry import OpenTelemetry

    with running(sys.executable, str(HERE / "pycapnp_calculator_server.py"), str(SCHEMA)) as port:
        assert results_of_caplet_client(port, OpenTelemetry()) == EXPECTED
    with running(sys.executable, "-c", TRACED_SERVER, str(EXAMPLE)) as address:
        port = address.rpartition(":")[2]
        script = str(HERE / "pycapnp_calculator_client.py")
        assert run_client(sys.executable, script, str(SCHEMA), "127.0.0.1", port) == EXPECTED
