"""Whether the hot modules of this installation are compiled: all of them, or none.

Knows the list of these modules (`compiled_modules.txt`, which `setup.py` compiles) and how to tell what an installation holds.
"""

from __future__ import annotations

import os.path
from _imp import extension_suffixes  # what `importlib.machinery` asks, whose import would take longer than all of this

TYPE_CHECKING = False  # what type checkers take for true; `typing` itself is not loaded
if TYPE_CHECKING:
    from typing import Literal

__all__ = ["find_accelerated"]


def find_accelerated() -> Literal["all", "none"]:
    """Return "all" when every hot module is compiled and "none" when none is.

    Raises:
        ImportError: some are and some are not, which no build of ours makes: the installation is damaged.
    """
    folder = os.path.dirname(__file__)  # not pathlib, whose import would take longer than all of this
    with open(os.path.join(folder, "compiled_modules.txt"), encoding="utf-8") as file:
        names = file.read().split()
    stems = [os.path.join(folder, *name.split(".")) for name in names]
    suffixes = extension_suffixes()
    plain = [
        name
        for name, stem in zip(names, stems, strict=True)
        if not any(os.path.exists(stem + suffix) for suffix in suffixes)
    ]
    if not plain:
        return "all"
    if len(plain) == len(names):
        return "none"
    raise ImportError(
        f"this installation of caplet is half compiled (not compiled: {', '.join(plain)}); "
        "remove it and install it again"
    )
