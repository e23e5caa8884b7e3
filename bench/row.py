"""A row of figures: one number for Caplet and one for each peer.

Knows how contestants take turns. Does not know what is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import Literal

__all__ = ["ROUNDS", "Contestant", "Measure", "Result", "Row", "run_row"]

ROUNDS = 5

Measure = Callable[[], float]  # does the work once more and returns the figure
Contestant = Callable[
    [], AbstractContextManager[Measure]
]  # makes what the work needs; ImportError when the contestant is not installed


@dataclass(frozen=True)
class Row:
    """What is measured, and how by each contestant."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    caplet: Contestant
    peers: Mapping[str, Contestant]
    rounds: int = ROUNDS


@dataclass(frozen=True)
class Result:
    """The best figure of each contestant; `absent` says why peers are missing."""

    row: Row
    caplet: float
    peers: dict[str, float]
    absent: dict[str, str]

    def as_json(self) -> dict[str, object]:
        row = self.row
        return {
            "name": row.name,
            "unit": row.unit,
            "better": row.better,
            "caplet": self.caplet,
            "peers": self.peers,
        }


def run_row(row: Row) -> Result:
    """Measure every contestant in turn, several rounds, so that a slow moment of the machine hits them alike; the best round counts."""
    best = min if row.better == "lower" else max
    figures: dict[str, list[float]] = {}
    absent: dict[str, str] = {}
    with ExitStack() as stack:
        measures = {"caplet": stack.enter_context(row.caplet())}
        for name, contestant in row.peers.items():
            try:
                measures[name] = stack.enter_context(contestant())
            except ImportError as error:
                absent[name] = str(error)
        for _ in range(row.rounds):
            for name, measure in measures.items():
                figures.setdefault(name, []).append(measure())
    results = {name: best(values) for name, values in figures.items()}
    return Result(row, results.pop("caplet"), results, absent)
