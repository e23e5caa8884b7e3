"""The row about importing: from the start of a process to `import caplet` done, less a process that imports nothing."""

from __future__ import annotations

import resource
import subprocess
import sys

from bench.contestants import of
from bench.row import Measure, Row

__all__ = ["ROWS"]

_TRIES = 5


def processor_ms(statement: str) -> float:
    """Return the processor time that a fresh interpreter takes for `statement`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", statement], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1e3


def less_bare(statement: str) -> Measure:
    """Return a measure of `statement` in a fresh interpreter."""
    processor_ms(statement)  # the first run may write byte code
    return lambda: (
        min(processor_ms(statement) for _ in range(_TRIES)) - min(processor_ms("pass") for _ in range(_TRIES))
    )


def by_pycapnp() -> Measure:
    import capnp  # noqa: F401  (whether it is installed)

    return less_bare("import capnp")


ROWS = [Row("import", "ms", "lower", of(lambda: less_bare("import caplet")), {"pycapnp": of(by_pycapnp)})]
