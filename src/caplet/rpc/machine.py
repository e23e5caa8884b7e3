"""State machines written as data: every pair of state and event has a row, or says why it cannot happen.

Knows how a table is checked and flattened. The tables themselves stand beside the entries they are about.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TypeAlias

from caplet.errors import ProtocolError

__all__ = ["Machine", "Step"]

Step: TypeAlias = "tuple[int, tuple[int, ...]]"
Rows: TypeAlias = "Mapping[tuple[IntEnum, IntEnum], tuple[IntEnum, tuple[IntEnum, ...]] | str]"


class Machine:
    """One state machine.

    Args:
        name: what it is about, for error texts.
        states: every state.
        events: every event.
        rows: for each pair of state and event the next state and what has to be done, or why the pair breaks the protocol.

    Raises:
        ValueError: a pair is missing.
    """

    __slots__ = ("event_count", "events", "name", "rows", "states", "steps")

    def __init__(self, name: str, states: type[IntEnum], events: type[IntEnum], rows: Rows) -> None:
        self.name = name
        self.states = states
        self.events = events
        self.rows = rows
        self.event_count = len(events)
        self.steps: list[Step | None] = []
        for state in states:
            for event in events:
                row = rows.get((state, event))
                if row is None:
                    raise ValueError(f"{name}: no row for {state.name}, {event.name}")
                if isinstance(row, str):
                    self.steps.append(None)
                else:
                    self.steps.append((int(row[0]), tuple(int(action) for action in row[1])))

    def step(self, state: int, event: int) -> Step:
        """Return the next state and the actions.

        Raises:
            ProtocolError: the table says that this breaks the protocol.
        """
        found = self.steps[state * self.event_count + event]
        if found is None:
            raise ProtocolError(str(self.rows[self.states(state), self.events(event)]))
        return found
