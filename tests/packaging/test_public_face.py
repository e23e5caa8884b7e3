"""Nothing public appears, changes or goes by accident: `docs/public-face.txt` is compared with the sources."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import caplet
from caplet import blocking

ROOT = Path(__file__).parent.parent.parent


def test_the_list_of_public_names_is_that_of_the_sources() -> None:
    spec = importlib.util.spec_from_file_location("public_face", ROOT / "scripts" / "public_face.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    listed = (ROOT / "docs" / "public-face.txt").read_text(encoding="utf-8")
    assert listed == script.public_face(), "the public face changed: look at it, then run scripts/public_face.py"


def test_every_public_name_is_there() -> None:
    for module in (caplet, blocking):
        for name in module.__all__:
            assert getattr(module, name, None) is not None, f"{module.__name__}.{name}"
