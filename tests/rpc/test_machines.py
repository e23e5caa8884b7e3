"""The state machines of the tables: every pair of state and event has a row, or says why it breaks the protocol."""

from __future__ import annotations

import re
from enum import IntEnum

import pytest

from caplet.errors import ProtocolError
from caplet.rpc import answer_states, embargo, export, import_, question
from caplet.rpc.machine import Machine

TABLES = {module.__name__.rsplit(".", 1)[-1]: module for module in (question, answer_states, export, import_, embargo)}


@pytest.mark.parametrize("name", TABLES)
def test_every_pair_leads_somewhere_or_raises_with_a_reason(name):
    module = TABLES[name]
    for state in module.State:
        for event in module.Event:
            row = module.MACHINE.rows[state, event]
            if isinstance(row, str):
                with pytest.raises(ProtocolError, match=re.escape(row)):
                    module.MACHINE.step(state, event)
            else:
                assert module.MACHINE.step(state, event) == (int(row[0]), tuple(int(action) for action in row[1]))


@pytest.mark.parametrize("name", TABLES)
def test_every_state_can_be_reached_and_left_to_an_end(name):
    module = TABLES[name]
    rows = [row for row in module.MACHINE.rows.values() if not isinstance(row, str)]
    starts = {module.State(0), *([module.State.SILENT] if name == "question" else [])}
    if name == "export":
        starts.add(module.State.PROMISE)
    if name == "import_":
        starts.add(module.State.PROMISE)
    reached = starts | {module.State(row[0]) for row in rows}
    assert reached == set(module.State)


@pytest.mark.parametrize("name", TABLES)
def test_disconnect_is_known_in_every_state_and_ends_the_entry(name):
    module = TABLES[name]
    ends = {"GONE", "BROKEN", "LIFTED"}
    for state in module.State:
        following, _ = module.MACHINE.step(state, module.Event.DISCONNECTED)
        assert module.State(following).name in ends


def test_every_path_through_a_question_has_one_finish_and_frees_the_id_once():
    """Walk all paths: a Finish unless the Return said that none is needed, the id freed exactly once."""
    machine, state, event, action = question.MACHINE, question.State, question.Event, question.Action

    def walk(at, finishes, frees, returned_for_good, depth):
        assert finishes <= 1
        assert frees <= 1
        if at == state.GONE:
            assert frees == 1
            assert finishes == 1 or returned_for_good
            return
        assert depth < 6
        for happens in (event.RETURNED, event.RETURNED_FOR_GOOD, event.UNWANTED):
            row = machine.rows[at, happens]
            if isinstance(row, str) or (row[0] == at and not row[1]):
                continue
            walk(
                row[0],
                finishes + sum(one in (action.SEND_FINISH, action.SEND_FINISH_AND_RELEASE) for one in row[1]),
                frees + (action.FREE_ID in row[1]),
                returned_for_good or happens == event.RETURNED_FOR_GOOD,
                depth + 1,
            )

    walk(state.WAITING, 0, 0, False, 0)
    walk(state.SILENT, 0, 0, False, 0)


def test_a_table_with_a_hole_is_refused():
    class State(IntEnum):
        ONLY = 0

    class Event(IntEnum):
        FIRST = 0
        SECOND = 1

    with pytest.raises(ValueError, match="no row for ONLY, SECOND"):
        Machine("test", State, Event, {(State.ONLY, Event.FIRST): (State.ONLY, ())})
