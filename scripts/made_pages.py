"""What the scripts that make pages share: each writes its pages, or only compares them when it is given `--check`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["write_or_compare"]


def write_or_compare(pages: Mapping[Path, str]) -> int:
    """Write the pages that are not what they should be; with `--check`, only name them.

    Args:
        pages: the text that each file should have.

    Returns:
        The exit code: 1 when pages were only compared, and some are stale.
    """
    stale = [page for page, text in pages.items() if not page.exists() or page.read_text(encoding="utf-8") != text]
    if "--check" not in sys.argv:
        for page in stale:
            page.write_text(pages[page], encoding="utf-8")
        return 0
    if stale:
        print(f"not up to date: {', '.join(page.name for page in stale)}; run {sys.argv[0]}")
    return 1 if stale else 0
