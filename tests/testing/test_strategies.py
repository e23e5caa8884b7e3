"""Messages and conversations drawn by hypothesis: no peer can crash a connection, and no conversation goes out of order."""

from __future__ import annotations

import gc

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caplet.testing.fuzz import Fuzz
from caplet.testing.objects import Service, answer_call, call, capabilities_of
from caplet.testing.scripted import ScriptedPeer
from caplet.testing.strategies import FuzzMachine, conversations, messages
from caplet.wire.message import MessageReader

QUICK = settings(max_examples=60, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))


@settings(QUICK, max_examples=300)
@given(st.lists(messages(), max_size=12), st.integers(0, 3))
def test_whatever_a_peer_says_the_connection_stays_sound_and_ends_empty(said, ours):
    service = Service(handler=lambda one: answer_call(one, 0, capabilities_of(one.params)))
    peer = ScriptedPeer(service.capability)
    remote = peer.connection.bootstrap()
    answers = [call(remote, number=number, capabilities=[Service().capability]) for number in range(ours)]
    for segments in said:
        # `send_raw` verifies every invariant of the tables.
        peer.send_raw(MessageReader(segments))
        error = peer.connection.error
        assert error is None or error.fault != "internal", error.__cause__
    peer.connection.disconnect()
    assert all(one.done for one in answers)
    del remote, answers
    gc.collect()
    peer.run()
    # What was said is gone now, and the capabilities in it.
    peer.run()
    assert peer.connection.is_idle
    assert peer.vat.turns.idle


@QUICK
@given(conversations(cuts=True), st.integers(2, 4))
def test_conversations_of_every_shape_stay_in_order(run, vats):
    Fuzz(vats).run(run)


TestFuzzMachine = FuzzMachine.TestCase
TestFuzzMachine.settings = settings(QUICK, max_examples=15, stateful_step_count=40)
