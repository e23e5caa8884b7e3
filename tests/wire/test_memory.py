"""What messages leave behind when nobody needs them any more: nothing."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def test_messages_that_are_over_leave_no_objects_and_no_cycles() -> None:
    # In a process of its own: what other tests left would be counted too.
    seed = random.randrange(1 << 30)
    command = [sys.executable, "-m", "fuzz.memory", "--count", "1000", "--seed", str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"seed {seed};")
