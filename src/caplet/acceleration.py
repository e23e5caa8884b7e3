"""Whether the hot modules of this installation are compiled: all of them, or none.

Knows the list of these modules (`compiled_modules.txt`, which `setup.py` compiles) and how to tell what an installation holds.
"""

from __future__ import annotations

from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Literal

__all__ = ["find_accelerated"]


def find_accelerated() -> Literal["all", "none"]:
    """Return "all" when every hot module is compiled and "none" when none is.

    Raises:
        ImportError: some are and some are not, which no build of ours makes: the installation is damaged.
    """
    folder = Path(__file__).parent
    names = (folder / "compiled_modules.txt").read_text(encoding="ascii").split()
    plain = [
        name
        for name in names
        if not any((folder / f"{name.replace('.', '/')}{suffix}").exists() for suffix in EXTENSION_SUFFIXES)
    ]
    if not plain:
        return "all"
    if len(plain) == len(names):
        return "none"
    raise ImportError(
        f"this installation of caplet is half compiled (not compiled: {', '.join(plain)}); "
        "remove it and install it again"
    )
