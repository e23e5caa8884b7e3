"""Run a program in the compiled form with every access watched: Cython's bounds checks, AddressSanitizer, undefined behaviour.

    python scripts/run_checked.py fuzz/mutations.py --count 100000
    python scripts/run_checked.py -m pytest tests/wire tests/runtime --deselect tests/wire/test_memory.py

That test measures memory, of which this form gives back little.

The modules are compiled into `build/checked` first, which takes some minutes; afterwards only what changed is. An access outside of its memory ends the
program with a report. Needs gcc or clang, Cython and setuptools; what is run needs what it always needs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Python frees nothing at its end, so leaks are looked for elsewhere (fuzz/memory.py).
ADDRESS_OPTIONS = "detect_leaks=0:abort_on_error=1:allocator_may_return_null=1"

# Messages are read in place wherever they lie, also at odd addresses, which all processors that we run on can do.
WATCHING = "-fsanitize=address,undefined -fno-sanitize=alignment"
COMPILING = f"-O1 -g1 -fno-omit-frame-pointer {WATCHING}"


def build() -> Path:
    """Compile what changed, and return where the modules are."""
    environment = {**os.environ, "CAPLET_EXTENSIONS": "checked", "CFLAGS": COMPILING, "LDFLAGS": WATCHING}
    subprocess.run([sys.executable, "setup.py", "-q", "build"], cwd=ROOT, env=environment, check=True)
    (folder,) = (ROOT / "build" / "checked").glob(f"lib*{sys.implementation.cache_tag}")
    return folder


def library(name: str) -> str:
    """Return the path of a library of the C compiler."""
    compiler = os.environ.get("CC", "gcc").split()
    found = subprocess.run([*compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def main() -> None:
    folder = build()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "PYTHONMALLOC": "malloc",  # every object is memory of its own, which can be watched
        "LD_PRELOAD": library("libasan.so"),
        "ASAN_OPTIONS": ADDRESS_OPTIONS,
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
    }
    os.execve(sys.executable, [sys.executable, *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
