"""The tables of this folder are importable by its tests and by the scripts that write the documentation."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
