"""What goes over a connection, for people and programs to read: one JSON object a line, or the bytes themselves, to be replayed.

Knows `rpc.capnp` as far as it describes calls and references; params and results appear by their size only. A connection without a tracer
spends nothing on this.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from caplet.errors import ProtocolError
from caplet.rpc import decode
from caplet.wire.framing import Framer, frame
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO, TextIO

    from caplet.rpc.connection import Connection
    from caplet.rpc.encode import OutgoingMessage
    from caplet.wire.untyped import AnyStruct

__all__ = ["Capture", "JsonTrace", "as_reader", "describe_message", "replay"]

RETURN_KINDS = (
    "results",
    "exception",
    "canceled",
    "resultsSentElsewhere",
    "takeFromOtherQuestion",
    "awaitFromThirdParty",
)
DESCRIPTOR_KINDS = ("none", "senderHosted", "senderPromise", "receiverHosted", "receiverAnswer", "thirdPartyHosted")


def as_reader(message: MessageReader | OutgoingMessage) -> MessageReader:
    """Return a reader over a message that was sent or received; what is read of it counts for nobody else."""
    if isinstance(message, MessageReader):
        return MessageReader([segment.view for segment in message.segments])
    return MessageReader([bytes(view) for view in message.output()])


def describe_message(message: MessageReader) -> dict[str, object]:
    """Return the fields of a message that describe calls and references."""
    tag, body = decode.read_message(message)
    words = sum(segment.words for segment in message.segments)
    kind = decode.MESSAGE_NAMES[tag] if tag < len(decode.MESSAGE_NAMES) else f"unknown {tag}"
    found: dict[str, object] = {"kind": kind, "words": words}
    describe = DESCRIBERS.get(tag)
    if describe is not None:
        describe(body, found)
    return found


def describe_target(target: AnyStruct) -> object:
    """Return a MessageTarget."""
    if target.u16(4) == decode.TARGET_IMPORTED_CAP:
        return {"importedCap": target.u32(0)}
    return {"promisedAnswer": describe_answer(target.struct(0))}


def describe_answer(promised: AnyStruct) -> object:
    """Return a PromisedAnswer."""
    try:
        path: object = list(decode.read_path(promised, 1 << 16))
    except ProtocolError as error:
        path = str(error)
    return {"question": promised.u32(0), "path": path}


def describe_descriptor(descriptor: AnyStruct) -> object:
    """Return a CapDescriptor."""
    kind = descriptor.u16(0)
    name = DESCRIPTOR_KINDS[kind] if kind < len(DESCRIPTOR_KINDS) else f"unknown {kind}"
    if kind == decode.RECEIVER_ANSWER:
        return {name: describe_answer(descriptor.struct(0))}
    return name if kind == decode.CAP_NONE else {name: descriptor.u32(4)}


def describe_table(payload: AnyStruct, found: dict[str, object]) -> None:
    """Add the capability table of a Payload."""
    if payload.has(decode.CAP_TABLE):
        listed = payload.list(decode.CAP_TABLE)
        found["capabilities"] = [describe_descriptor(listed.struct(index)) for index in range(len(listed))]


def describe_call(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Call."""
    found["question"] = body.u32(0)
    found["target"] = describe_target(body.struct(0))
    found["interface"] = f"{body.u64(8):#x}"
    found["method"] = body.u16(4)
    if body.u16(6) == decode.TO_YOURSELF:
        found["sendResultsTo"] = "yourself"
    describe_table(body.struct(1), found)


def describe_return(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Return."""
    kind = body.u16(6)
    found["question"] = body.u32(0)
    found["outcome"] = RETURN_KINDS[kind] if kind < len(RETURN_KINDS) else f"unknown {kind}"
    if body.boolean(33):
        found["noFinishNeeded"] = True
    if kind == decode.RESULTS:
        describe_table(body.struct(0), found)
    elif kind == decode.EXCEPTION:
        found["reason"] = body.struct(0).text(0)
    elif kind == decode.TAKE_FROM_OTHER_QUESTION:
        found["otherQuestion"] = body.u32(8)


def describe_finish(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Finish."""
    found["question"] = body.u32(0)
    found["releaseResultCaps"] = body.boolean(32, True)


def describe_bootstrap(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Bootstrap."""
    found["question"] = body.u32(0)


def describe_release(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Release."""
    found["id"] = body.u32(0)
    found["count"] = body.u32(4)


def describe_resolve(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Resolve."""
    found["promise"] = body.u32(0)
    if body.u16(4) == decode.RESOLVE_EXCEPTION:
        found["reason"] = body.struct(0).text(0)
    else:
        found["capability"] = describe_descriptor(body.struct(0))


def describe_disembargo(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the fields of a Disembargo."""
    found["target"] = describe_target(body.struct(0))
    found["back"] = body.u16(4) == decode.RECEIVER_LOOPBACK
    found["embargo"] = body.u32(0)


def describe_abort(body: AnyStruct, found: dict[str, object]) -> None:
    """Add the reason of an Abort."""
    found["reason"] = body.text(0)


DESCRIBERS: dict[int, Callable[[AnyStruct, dict[str, object]], None]] = {
    decode.CALL: describe_call,
    decode.RETURN: describe_return,
    decode.FINISH: describe_finish,
    decode.BOOTSTRAP: describe_bootstrap,
    decode.RELEASE: describe_release,
    decode.RESOLVE: describe_resolve,
    decode.DISEMBARGO: describe_disembargo,
    decode.ABORT: describe_abort,
}


class JsonTrace:
    """Writes one JSON object for each message; set it as a connection's `tracer`, and None to switch it off.

    Args:
        connection: the connection, for its name and the time.
        output: what lines are written to.
        about: what each line says of the connection; None for its name.
    """

    def __init__(self, connection: Connection, output: TextIO, about: Mapping[str, object] | None = None) -> None:
        self.connection = connection
        self.output = output
        self.about = {"connection": connection.name} if about is None else about

    def __call__(self, way: str, message: MessageReader | OutgoingMessage) -> None:
        """Write the line of one message; `way` is "sent" or "received"."""
        line: dict[str, object] = {
            "at_s": self.connection.turns.host.now_s(),
            **self.about,
            "way": way,
        }
        try:
            line.update(describe_message(as_reader(message)))
        except ValueError as error:
            line["malformed"] = str(error)
        self.output.write(json.dumps(line) + "\n")


class Capture:
    """Writes the messages that a connection receives, framed as on a stream; set it as a connection's `tracer`.

    Args:
        output: what bytes are written to.
    """

    def __init__(self, output: BinaryIO) -> None:
        self.output = output

    def __call__(self, way: str, message: MessageReader | OutgoingMessage) -> None:
        """Write one message, if it was received."""
        if way == "received":
            for buffer in frame([memoryview(segment.view) for segment in as_reader(message).segments]):
                self.output.write(buffer)


def replay(captured: bytes, connection: Connection) -> int:
    """Feed captured messages to a fresh connection, one turn each.

    Args:
        captured: what a `Capture` wrote.
        connection: a connection in the state in which the captured one was.

    Returns:
        How many messages there were.

    Raises:
        DecodeError: this is no capture.
    """
    messages = Framer().feed(captured)
    for message in messages:
        connection.receive(message)
        connection.turns.run()
    return len(messages)
