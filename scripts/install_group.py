"""Install a dependency group of pyproject.toml into the running environment.

usage: install_group.py [--each] GROUP     with --each, packages one by one and only ready-made ones (building a peer from source can take
                                           longer than all tests), those that cannot be had left out with a message
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path


def packages_of(groups: dict[str, list[str | dict[str, str]]], name: str) -> list[str]:
    """Return the packages of a group, with those of the groups that it includes."""
    packages: list[str] = []
    for entry in groups[name]:
        packages += [entry] if isinstance(entry, str) else packages_of(groups, entry["include-group"])
    return packages


def main(arguments: list[str]) -> int:
    one_by_one = "--each" in arguments
    group = arguments[-1]
    pyproject = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    packages = packages_of(pyproject["dependency-groups"], group)
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    if not one_by_one:
        return subprocess.run([*pip, *packages], check=False).returncode
    for package in packages:
        done = subprocess.run([*pip, "--only-binary", ":all:", package], check=False, capture_output=True, text=True)
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            print(f"{package} cannot be installed and is left out: {reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
