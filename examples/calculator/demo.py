"""The demonstration: a server and a client in two processes, then what one pipelined step sends over the wire.

`python demo.py`
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import caplet

caplet.install_import_hook()

import client
from calculator_capnp import Calculator

from caplet.testing.transcript import Transcript

HERE = Path(__file__).parent
TIMEOUT_S = 60


def names_of_methods() -> dict[tuple[int, int], str]:
    """Return the calculator's methods by interface id and ordinal."""
    plans = [interface._interface for interface in (Calculator, Calculator.Value, Calculator.Function)]
    return {(plan.id, method.method_id): str(method) for plan in plans for method in plan.methods}


async def show_one_pipelined_step(address: str) -> None:
    """Evaluate 123 + 45 - 67 with operators that have not arrived, and print every message."""
    transcript = Transcript(names_of_methods())
    async with caplet.connect(address) as connection:
        connection.trace(
            lambda direction, message: transcript.record(
                *(("client", "server") if direction == "sent" else ("server", "client")), message
            )
        )
        calc = connection.bootstrap(Calculator)
        result = await client.use_operators_before_they_arrive(calc)
        lines = transcript.take()
    print(f"\nWhat 123 + 45 - 67 = {result:g} sent, the question for the calculator itself included:\n")
    for line in lines:
        print("   ", line)
    calls = sum(" call " in line for line in lines)
    # A round trip is a run of questions followed by answers that had to be waited for; a Finish waits for nothing.
    questions = [any(word in line for word in (" bootstrap ", " call ")) for line in lines if " finish " not in line]
    round_trips = sum(1 for asked, _ in groupby(questions) if asked)
    print(
        f"\n{calls} calls, each on the result of an earlier one: {round_trips} round trip{'s' if round_trips > 1 else ''}."
    )


def main() -> None:
    server = [sys.executable, str(HERE / "server.py")]
    with subprocess.Popen(server, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                sys.exit("the server did not start")
            print(f"a server at {address}, hot modules compiled: {caplet.accelerated}\n", flush=True)
            subprocess.run([sys.executable, str(HERE / "client.py"), address], check=True, timeout=TIMEOUT_S)
            asyncio.run(asyncio.wait_for(show_one_pipelined_step(address), TIMEOUT_S))
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
