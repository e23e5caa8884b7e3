"""Reading that was stopped goes on as soon as it may, and not before; what messages and calls know of their connection."""

from __future__ import annotations

import pytest

from caplet.rpc.encode import OutgoingMessage
from caplet.testing.objects import answer_call, call


def test_reading_stays_paused_while_the_calls_that_wait_are_beyond_the_limit(pair):
    pair.ready()
    connection = pair.network.vats["alice"].connection("bob")
    connection.reading_paused = True
    connection.flow.words = connection.limits.call_words + 1
    connection.flow.check_paused(connection)
    assert connection.reading_paused
    connection.flow.words = 0
    connection.flow.check_paused(connection)
    assert not connection.reading_paused


def test_a_return_that_was_read_before_the_pause_lets_reading_go_on(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    connection = pair.network.vats["alice"].connection("bob")
    connection.reading_paused = True
    answer_call(pair.bob.held.pop(), 1)
    pair.run()
    assert answer.done
    assert not connection.reading_paused


def test_a_call_knows_the_context_that_its_connection_was_opened_with(pair):
    target = pair.ready()
    answer = call(target)
    pair.run()
    held = pair.bob.held.pop()
    assert held.context is pair.network.vats["bob"].connection("alice").context
    answer_call(held)
    pair.run()
    assert answer.done


@pytest.mark.parametrize("hint", [0, 1 << 40])
def test_a_message_begins_whatever_its_size_was_said_to_be(hint: int) -> None:
    message = OutgoingMessage(2, 3, 3, hint)
    assert message.total_words == OutgoingMessage(2, 3, 3, 64).total_words
    assert len(message.output()) == 1
