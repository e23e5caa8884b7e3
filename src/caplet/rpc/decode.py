"""What received messages are made of: the numbers of all kinds in `rpc.capnp`, and how what several messages share is read.

Knows nothing about what a message does. The fields of each message are read where it is digested, in `inbound.py`, those of a CapDescriptor in
`descriptor.py`. Numbers are byte offsets in the data section and pointer indexes; defaults that are not zero are part of the reading (a Bool whose
default is true is stored inverted).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import ProtocolError, RpcError, make_rpc_error
from caplet.wire.untyped import AnyStruct

if TYPE_CHECKING:
    from caplet.wire.message import MessageReader

__all__ = [
    "ABORT",
    "ACCEPT",
    "BOOTSTRAP",
    "CALL",
    "DISEMBARGO",
    "FINISH",
    "JOIN",
    "MESSAGE_NAMES",
    "OBSOLETE_DELETE",
    "OBSOLETE_SAVE",
    "PROVIDE",
    "RELEASE",
    "RESOLVE",
    "RETURN",
    "THIRD_PARTY_ANSWER",
    "UNIMPLEMENTED",
    "read_error",
    "read_message",
    "read_path",
]

# Message, 1 word + 1 pointer: the tag at byte 0, every body behind pointer 0.
UNIMPLEMENTED = 0
ABORT = 1
CALL = 2
RETURN = 3
FINISH = 4
RESOLVE = 5
RELEASE = 6
OBSOLETE_SAVE = 7
BOOTSTRAP = 8
OBSOLETE_DELETE = 9
PROVIDE = 10
ACCEPT = 11
JOIN = 12
DISEMBARGO = 13
THIRD_PARTY_ANSWER = 14

MESSAGE_NAMES = (
    "unimplemented",
    "abort",
    "call",
    "return",
    "finish",
    "resolve",
    "release",
    "obsoleteSave",
    "bootstrap",
    "obsoleteDelete",
    "provide",
    "accept",
    "join",
    "disembargo",
    "thirdPartyAnswer",
)

# MessageTarget, 1 + 1: tag at byte 4.
TARGET_IMPORTED_CAP = 0
TARGET_PROMISED_ANSWER = 1

# Call.sendResultsTo, tag at byte 6.
TO_CALLER = 0
TO_YOURSELF = 1

# Return, tag at byte 6.
RESULTS = 0
EXCEPTION = 1
CANCELED = 2
RESULTS_SENT_ELSEWHERE = 3
TAKE_FROM_OTHER_QUESTION = 4

# CapDescriptor, 1 + 1: tag at byte 0.
CAP_NONE = 0
SENDER_HOSTED = 1
SENDER_PROMISE = 2
RECEIVER_HOSTED = 3
RECEIVER_ANSWER = 4
THIRD_PARTY_HOSTED = 5

# Payload, 0 + 2: the content, and the list of the capabilities that it refers to.
CAP_TABLE = 1

# Resolve, tag at byte 4.
RESOLVE_CAP = 0
RESOLVE_EXCEPTION = 1

# Disembargo.context, tag at byte 4.
SENDER_LOOPBACK = 0
RECEIVER_LOOPBACK = 1

NO_FD = 255

REMOTE_PREFIX = "remote exception: "


def read_message(message: MessageReader) -> tuple[int, AnyStruct]:
    """Return the tag and the body of a message; the body of a tag whose body is no struct is empty."""
    root = AnyStruct.__new__(AnyStruct)
    if not message.open_struct(root, message.segments[0], 0, message.nesting):
        root = AnyStruct()
    tag = root.u16(0)
    if tag in (OBSOLETE_SAVE, OBSOLETE_DELETE):
        return tag, AnyStruct()
    return tag, root.struct(0)


def read_path(promised_answer: AnyStruct, limit: int) -> tuple[int, ...]:
    """Return the pointer indexes of a PromisedAnswer.transform.

    Args:
        promised_answer: the PromisedAnswer struct.
        limit: how many operations are allowed.

    Raises:
        ProtocolError: an unknown operation, or too many.
    """
    operations = promised_answer.list(0)
    count = len(operations)
    if count == 0:
        return ()
    if count > limit:
        raise ProtocolError(f"a pipeline transform of {count} operations; the limit is {limit}")
    path: list[int] = []
    for index in range(count):
        operation = operations.struct(index)
        kind = operation.u16(0)
        if kind == 1:
            path.append(operation.u16(2))
        elif kind != 0:
            raise ProtocolError(f"a pipeline operation of unknown kind {kind}")
    return tuple(path)


def read_text(struct: AnyStruct, index: int) -> str:
    """Return the text that a pointer of an Exception leads to; what is not UTF-8 in it is replaced."""
    return struct.blob(index).removesuffix(b"\0").decode("utf-8", "replace")


def read_error(exception: AnyStruct) -> RpcError:
    """Return the error that an Exception struct describes; its reason says once that it comes from the peer."""
    # Texts that are not UTF-8, as some peers cut them, are no reason to lose the connection, or the error.
    reason = read_text(exception, 0)
    if not reason.startswith(REMOTE_PREFIX):
        reason = REMOTE_PREFIX + reason
    details: list[tuple[int, bytes]] = []
    if exception.has(2):
        listed = exception.list(2)
        for index in range(len(listed)):
            detail = listed.struct(index)
            details.append((detail.u64(0), detail.blob(0)))
    return make_rpc_error(exception.u16(4), reason, trace=read_text(exception, 1), details=details)
