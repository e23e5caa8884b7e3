"""What things cost that should cost little: importing, a reader, a large file of which little is read."""

from __future__ import annotations

import mmap
import subprocess
import sys
from pathlib import Path

import pytest
from fuzz.mutations import Everything

from caplet.limits import Limits
from caplet.wire.message import MessageReader

from .raw import list_pointer, struct_pointer, words

HEAVY = {
    "asyncio",
    "socket",
    "ssl",
    "json",
    "logging",
    "argparse",
    "numpy",
    "threading",
    "pathlib",
    "typing",
    "dataclasses",
    "inspect",
    "enum",
    "re",
    "collections",
}
SIZE = 100 * 1024 * 1024


def test_importing_caplet_loads_no_loop_no_compiler_and_no_notation() -> None:
    listing = "import sys; before = set(sys.modules); import caplet; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "caplet.errors" in loaded
    assert not loaded & HEAVY
    ours = {name for name in loaded if name.startswith("caplet.")}
    assert ours == {"caplet.acceleration", "caplet.errors", "caplet.limits", "caplet.values"}


def test_a_reader_object_takes_at_most_120_bytes() -> None:
    reader = Everything.from_segments([bytes(8)])
    assert sys.getsizeof(reader) <= 120
    assert not hasattr(reader, "__dict__")


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells which pages a mapping has")
def test_reading_a_mapped_file_touches_only_the_pages_that_are_read_W9(tmp_path: Path) -> None:
    path = tmp_path / "large"
    length = SIZE - 4096
    with path.open("wb") as file:
        file.write(words(struct_pointer(0, 1, 1), 42, list_pointer(0, 2, length)))
        file.truncate(SIZE)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        found = MessageReader([mapped], Limits(traversal_words=SIZE)).root.struct()
        assert found.u64(0) == 42
        letters = found.list(0)
        assert len(letters) == length
        assert letters.u8(length // 2) == 0
        assert letters.u8(length - 1) == 0
        assert resident_kib(path) < 1024
        del found, letters
        with path.open("r+b") as rewritten:
            rewritten.write((SIZE // 8 - 1 << 32).to_bytes(8, "little") + words(struct_pointer(0, 4, 16), 0, 42))
        # The same as a user has it: nothing is said of limits, since little of the message is read.
        whole = Everything.from_bytes(mapped)
        assert (whole.number, whole.texts) == (42, [])
        assert resident_kib(path) < 1024
        del whole


def resident_kib(path: Path) -> int:
    """Return how much of a mapped file this process has in its memory."""
    lines = Path("/proc/self/smaps").read_text(encoding="utf-8", errors="replace").splitlines()
    [start] = [number for number, line in enumerate(lines) if line.endswith(str(path))]
    [resident] = [line for line in lines[start : start + 8] if line.startswith("Rss:")]
    return int(resident.split()[1])
