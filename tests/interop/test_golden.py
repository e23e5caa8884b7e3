"""The original's tool makes messages of random values in every form; ours are the same bytes."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import fuzz.mutations
import pytest
from fuzz.mutations import Everything, fill
from hypothesis import given, settings
from hypothesis import strategies as st

SCHEMA = Path(fuzz.mutations.__file__).with_name("mutations.capnp")


def convert(form: str, text: str) -> bytes:
    """Return the values in `text` in another form, as the original makes it."""
    done = subprocess.run(
        ["capnp", "convert", f"text:{form}", str(SCHEMA), "Everything"],
        input=text.encode(),
        capture_output=True,
        check=True,
    )
    return done.stdout


@pytest.mark.skipif(shutil.which("capnp") is None, reason="the original's tool is not installed")
@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1 << 30))
def test_every_form_is_byte_identical_to_the_original(seed: int) -> None:
    rng = random.Random(seed)
    values: list[Any] = []
    for _ in range(12):
        value = Everything()
        fill(value, rng, 2, untyped=False)
        values.append(value)
    texts = [value.to_text() for value in values]
    golden = {form: convert(form, "\n".join(texts)) for form in ("binary", "packed", "flat", "canonical")}

    found = list(Everything.read_many(golden["binary"]))
    assert found == values
    assert [reader.to_text() for reader in found] == texts
    assert list(Everything.read_many(golden["packed"], packed=True)) == values
    assert [Everything.from_text(text) for text in texts] == found

    rebuilt = [Everything.from_dict(reader.to_dict()) for reader in found]
    assert b"".join(builder.to_bytes() for builder in rebuilt) == golden["binary"]
    assert b"".join(builder.to_packed() for builder in rebuilt) == golden["packed"]
    assert b"".join(builder.to_segments()[0] for builder in rebuilt) == golden["flat"]
    assert all(len(builder.to_segments()) == 1 for builder in rebuilt)
    for source in (values, found, rebuilt):
        assert b"".join(struct.to_canonical() for struct in source) == golden["canonical"]
    # One message each: a reader of a bare segment, and of its canonical form, is told where it ends.
    size = len(rebuilt[0].to_segments()[0])
    assert Everything.from_segments([golden["flat"][:size]]) == values[0]
    size = len(rebuilt[0].to_canonical())
    assert Everything.from_canonical(golden["canonical"][:size]) == values[0]
