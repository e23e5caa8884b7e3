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

from caplet.limits import Limits
from caplet.wire.framing import Framer

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
@settings(max_examples=4, derandomize=True, deadline=None)
@given(st.integers(0, 1 << 30))
def test_every_form_is_byte_identical_to_the_original(seed: int) -> None:
    rng = random.Random(seed)
    values: list[Any] = []
    for _ in range(12):
        value = Everything()
        fill(value, rng, 2, untyped=False)
        values.append(value)
    texts = [value.to_text() for value in values]
    golden = convert("binary", "\n".join(texts))

    messages = Framer(Limits()).feed(golden)
    assert len(messages) == len(texts)
    found = [Everything.from_segments([bytes(segment.view) for segment in message.segments]) for message in messages]
    assert found == values
    assert [reader.to_text() for reader in found] == texts
    rebuilt = [Everything.from_text(text) for text in texts]
    assert rebuilt == found
    # The original spreads some messages over several segments while it parses; the forms of what it made are compared as they are.
    for reader, builder in zip(found, rebuilt, strict=True):
        if len(reader.to_segments()) == len(builder.to_segments()):
            assert builder.to_bytes() == reader.to_bytes()
    assert b"".join(reader.to_bytes() for reader in found) == golden
    assert b"".join(reader.to_packed() for reader in found) == convert("packed", "\n".join(texts))
    for value, text in list(zip(values, texts, strict=True))[:2]:
        canonical = convert("canonical", text)
        assert bytes(value.to_canonical()) == canonical
        assert Everything.from_segments([canonical]) == value
    assert Everything.from_packed(convert("packed", texts[0])) == values[0]
    if len(found[0].to_segments()) == 1:
        assert convert("flat", texts[0]) == bytes(found[0].to_segments()[0])
