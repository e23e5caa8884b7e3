"""Say which form of caplet the tests are about to run, and refuse when it is not the one that was asked for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import caplet


def main() -> None:
    wanted = os.environ.get("CAPLET_EXTENSIONS", "auto")
    place = Path(caplet.__file__)
    if place.is_relative_to(Path.cwd() / "src"):
        sys.exit(f"caplet is imported from the source tree, not from the environment: {place}")
    if wanted == "require" and caplet.accelerated != "all":
        sys.exit("CAPLET_EXTENSIONS=require, but the installed caplet is not compiled")
    if wanted == "no" and caplet.accelerated != "none":
        sys.exit("CAPLET_EXTENSIONS=no, but the installed caplet is compiled")
    print(f"testing caplet with compiled modules: {caplet.accelerated} ({place.parent})")


if __name__ == "__main__":
    main()
