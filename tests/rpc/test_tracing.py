"""Traces as JSON lines, captures, and their replay."""

from __future__ import annotations

import io
import json

import pytest

from caplet.errors import DecodeError
from caplet.rpc.tracing import Capture, JsonTrace, replay
from caplet.testing.objects import Service, answer_call, call, capabilities_of, number_of
from caplet.testing.scripted import ScriptedPeer


def test_every_message_is_one_json_object(pair):
    output = io.StringIO()
    connection = pair.network.vats["alice"].connection("bob")
    connection.tracer = JsonTrace(connection, output)
    thing = Service()
    target = pair.bootstrap()
    answer = call(target, method=3, capabilities=[thing.capability])
    failing = call(answer.pipeline((1,)))
    pair.run()
    held = pair.bob.held.pop()
    answer_call(held, 0, capabilities_of(held.params))
    held.release_params()
    pair.run()
    connection.tracer = None
    late = call(target)
    pair.run()
    lines = [json.loads(line) for line in output.getvalue().splitlines()]
    assert [(line["way"], line["kind"]) for line in lines[:3]] == [
        ("sent", "bootstrap"),
        ("sent", "call"),
        ("sent", "call"),
    ]
    assert lines[1]["target"] == {"promisedAnswer": {"question": 0, "path": []}}
    assert lines[1]["method"] == 3
    assert lines[1]["capabilities"] == [{"senderHosted": 0}]
    outcomes = [line["outcome"] for line in lines if line["kind"] == "return"]
    assert sorted(outcomes) == ["exception", "results", "results"]
    assert all(line["connection"] == "alice-bob" for line in lines)
    assert failing.error is not None
    pair.bob.held.pop().finish()
    pair.run()
    assert late.done
    del held, answer


def test_a_captured_conversation_can_be_replayed():
    def run(capture=None, replayed=None):
        service = Service(handler=lambda call: answer_call(call, number_of(call.params) + 1, [service.capability]))
        peer = ScriptedPeer(service.capability)
        peer.connection.tracer = capture
        if replayed is None:
            from caplet.testing.scripted import answer, export

            peer.bootstrap(0)
            peer.call(1, export(0), number=5)
            peer.call(2, answer(1, 0), number=6)
            peer.finish(1, release_results=True)
        else:
            assert replay(replayed, peer.connection) == 4
            peer.run()
        said = [bytes(segment.view) for message in peer.messages for segment in message.segments]
        return service.numbers, said, peer.connection.stats()

    output = io.BytesIO()
    first = run(Capture(output))
    assert run(replayed=output.getvalue()) == first


def test_what_is_no_capture_is_refused():
    peer = ScriptedPeer()
    with pytest.raises(DecodeError):
        replay(b"\xff" * 64, peer.connection)
