"""A million messages built and read: resident memory and the number of objects stay where they were.

    python -m fuzz.memory --count 1000000

Prints both at each tenth of the run; ends with an error when they grew.
"""

from __future__ import annotations

import argparse
import gc
import random
from dataclasses import dataclass, field

from fuzz.measuring import resident_bytes
from fuzz.mutations import Everything, fill

import caplet

__all__ = ["Growth", "run"]


@dataclass
class Growth:
    """What was in use at each tenth of a run."""

    resident_bytes: list[int] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)
    in_cycles: int = 0


def use(rng: random.Random) -> None:
    """Build a message and read it in several ways."""
    builder = Everything()
    fill(builder, rng, 0)
    reader = Everything.from_bytes(builder.to_bytes())
    assert reader.point.x == builder.point.x
    assert reader == builder
    assert len(reader.texts) == len([str(text) for text in reader.texts])
    reader.to_dict()
    builder.init_points(2)[1].x = 5
    builder.clear("points")


def run(count: int, seed: int) -> Growth:
    """Build and read `count` messages, with the collector of cycles switched off.

    Returns:
        What was in use at each tenth of the run, and how many objects only the collector could free at its end.
    """
    rng = random.Random(seed)
    growth = Growth()
    for _ in range(10):
        use(rng)
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            for _ in range(count // 10):
                use(rng)
            growth.resident_bytes.append(resident_bytes())
            growth.objects.append(len(gc.get_objects()))
        growth.in_cycles = gc.collect()
    finally:
        gc.enable()
    return growth


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=1_000_000, help="how many messages")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    print(f"seed {options.seed}; compiled: {caplet.accelerated}", flush=True)
    growth = run(options.count, options.seed)
    for resident, objects in zip(growth.resident_bytes, growth.objects, strict=True):
        print(f"  {resident / 1e6:.1f} MB, {objects} objects")
    if (
        growth.objects[-1] > growth.objects[0] + 20
        or growth.in_cycles
        or growth.resident_bytes[-1] > growth.resident_bytes[0] * 1.05
    ):
        raise SystemExit(f"something stays behind: {growth}")


if __name__ == "__main__":
    main()
