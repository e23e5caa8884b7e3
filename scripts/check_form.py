"""Say which form of caplet the tests are about to run, and refuse when it is not the one that was asked for.

Asked for by CAPLET_EXTENSIONS: `require` is compiled, `no` is pure, `auto` is compiled when a C compiler works here.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import caplet


def why_not_compiled() -> str:
    """Return what the probe of setup.py says against compiling here; nothing when it could be done."""
    environment = {**os.environ, "CAPLET_EXTENSIONS": "require"}
    command = [sys.executable, "setup.py", "--name"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return next((line for line in done.stderr.splitlines() if "cannot be compiled" in line), "")


def main() -> None:
    wanted = os.environ.get("CAPLET_EXTENSIONS", "auto")
    place = Path(caplet.__file__)
    form = "pure" if caplet.accelerated == "none" else "compiled"
    if place.is_relative_to(Path.cwd() / "src"):
        sys.exit(f"caplet is imported from the source tree, not from the environment: {place}")
    if wanted == "no" and form != "pure":
        sys.exit("CAPLET_EXTENSIONS=no, but the installed caplet is compiled: run `make clean` first")
    if wanted == "require" and form != "compiled":
        sys.exit("CAPLET_EXTENSIONS=require, but the installed caplet is not compiled: run `make clean` first")
    if wanted == "auto" and form != "compiled" and not why_not_compiled():
        sys.exit("a C compiler is there, but the installed caplet is not compiled: run `make clean` first")
    print(f"testing the {form} caplet in {place.parent}")


if __name__ == "__main__":
    main()
