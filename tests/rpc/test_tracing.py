"""Traces as JSON lines, captures, and their replay."""

from __future__ import annotations

import io
import json

import pytest

from caplet.errors import DecodeError, Failed
from caplet.rpc import decode, encode
from caplet.rpc.encode import OutgoingMessage
from caplet.rpc.tracing import Capture, JsonTrace, describe_message, replay
from caplet.testing.objects import Service, answer_call, call, capabilities_of, number_of
from caplet.testing.scripted import (
    ScriptedPeer,
    answer,
    answer_descriptor,
    described,
    export,
    hosted,
    none,
    promise,
)
from caplet.wire.message import MessageReader


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


def test_the_last_word_is_traced_and_counted_too(pair):
    output = io.StringIO()
    connection = pair.network.vats["alice"].connection("bob")
    target = pair.ready()
    connection.tracer = JsonTrace(connection, output)
    before = connection.stats()["sent"]
    connection.disconnect(Failed("had enough"))
    [line] = [json.loads(line) for line in output.getvalue().splitlines()]
    assert (line["way"], line["kind"], line["reason"]) == ("sent", "abort", "had enough")
    assert connection.stats()["sent"] == before + 1
    del target


def test_a_captured_conversation_can_be_replayed():
    def run(capture=None, replayed=None):
        service = Service(handler=lambda call: answer_call(call, number_of(call.params) + 1, [service.capability]))
        peer = ScriptedPeer(service.capability)
        peer.connection.tracer = capture
        if replayed is None:
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


def said(message: OutgoingMessage) -> dict[str, object]:
    """Return the trace of a message, without its size."""
    found = describe_message(MessageReader([bytes(view) for view in message.output()]))
    assert found.pop("words") > 0
    return found


def aimed(message: OutgoingMessage, target) -> OutgoingMessage:
    """Fill the first struct of the body."""
    target(message.body.init_struct(0, 1, 1))
    return message


def a_call(target, *descriptors, to_yourself=False) -> OutgoingMessage:
    message = encode.call(16)
    listed = message.payload.init_struct_list(1, len(descriptors), 1, 1)
    for index, describe in enumerate(descriptors):
        describe(listed.struct(index))
    aimed(message, target)
    message.write_call(3, 0xABC, 4, to_yourself, 0)
    return message


def unknown_operation(target) -> None:
    answer(7, 0)(target)
    target.pointer(0).struct(1, 1).pointer(0).init_struct_list(1, 1, 0).struct(0).set_u16(0, 9)


def test_every_kind_of_message_is_described():
    assert said(a_call(answer(7, 1, 2), none(), hosted(1), described(9, 0), answer_descriptor(8, 3))) == {
        "kind": "call",
        "question": 3,
        "target": {"promisedAnswer": {"question": 7, "path": [1, 2]}},
        "interface": "0xabc",
        "method": 4,
        "capabilities": [
            "none",
            {"senderHosted": 1},
            {"unknown 9": 0},
            {"receiverAnswer": {"question": 8, "path": [3]}},
        ],
    }
    handed_on = said(a_call(export(2), to_yourself=True))
    assert handed_on["sendResultsTo"] == "yourself"
    assert handed_on["target"] == {"importedCap": 2}
    assert said(a_call(unknown_operation))["target"] == {
        "promisedAnswer": {"question": 7, "path": "a pipeline operation of unknown kind 9"}
    }
    assert said(encode.return_without_results(3, decode.TAKE_FROM_OTHER_QUESTION, 8)) == {
        "kind": "return",
        "question": 3,
        "outcome": "takeFromOtherQuestion",
        "otherQuestion": 8,
    }
    assert said(encode.return_without_results(3, decode.CANCELED))["outcome"] == "canceled"
    over = encode.return_(0)
    over.write_return(3, True)
    assert said(over) == {"kind": "return", "question": 3, "outcome": "results", "noFinishNeeded": True}
    assert said(encode.return_without_results(3, 9))["outcome"] == "unknown 9"
    assert said(encode.return_error(3, Failed("no"), ""))["reason"] == "no"
    assert said(encode.finish(3, True)) == {"kind": "finish", "question": 3, "releaseResultCaps": True}
    assert said(encode.release(5, 2)) == {"kind": "release", "id": 5, "count": 2}
    assert said(aimed(encode.resolve(5), promise(6))) == {
        "kind": "resolve",
        "promise": 5,
        "capability": {"senderPromise": 6},
    }
    assert said(encode.resolve_error(5, Failed("no"), "")) == {"kind": "resolve", "promise": 5, "reason": "no"}
    assert said(aimed(encode.disembargo(decode.RECEIVER_LOOPBACK, 6), export(5))) == {
        "kind": "disembargo",
        "target": {"importedCap": 5},
        "back": True,
        "embargo": 6,
    }
    assert said(encode.abort(Failed("over"), "")) == {"kind": "abort", "reason": "over"}
    assert said(OutgoingMessage(decode.PROVIDE, 1, 1, 16)) == {"kind": "provide"}
    assert said(OutgoingMessage(40, 1, 1, 16)) == {"kind": "unknown 40"}


def test_a_message_that_cannot_be_read_is_traced_as_malformed():
    peer = ScriptedPeer()
    output = io.StringIO()
    peer.connection.tracer = JsonTrace(peer.connection, output)
    peer.send_raw(MessageReader([(0x00000001_0000FFFC).to_bytes(8, "little")]))
    received = json.loads(output.getvalue().splitlines()[0])
    assert received["way"] == "received"
    assert "leaves its segment" in received["malformed"]
