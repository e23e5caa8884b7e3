"""The one file that writes what is in `rpc.capnp`: messages, and what several of them share, with their fields at the right places.

Knows offsets, the sizes of structs, and the defaults that must be written as ones (`releaseParamCaps`, `releaseResultCaps`,
`requireEarlyCancellationWorkaround` default to true, and we say false). Does not know what a message does.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from caplet.rpc import decode
from caplet.wire.message import MessageBuilder
from caplet.wire.untyped_builder import AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

if TYPE_CHECKING:
    from caplet.cap.answer import Path
    from caplet.errors import RpcError
    from caplet.wire.message import MessageReader

__all__ = [
    "ENVELOPE_WORDS",
    "OutgoingMessage",
    "abort",
    "bootstrap",
    "call",
    "disembargo",
    "finish",
    "release",
    "resolve",
    "return_",
    "unimplemented",
    "write_answer_target",
    "write_attached_fd",
    "write_error",
    "write_imported_cap",
    "write_promised_answer",
    "write_receiver_answer",
    "write_receiver_hosted",
    "write_sender",
]

# What a Call or Return needs beside its params or results, with a short path and a small capability table.
ENVELOPE_WORDS = 24
LONGEST_FIRST_SEGMENT_WORDS = 1 << 20
# Segments up to this size are copied when they are sent.
COPIED_WORDS = 256
# The root pointer, and Message with its one data word and one pointer.
BODY_POSITION = 3
BODY_BYTES = BODY_POSITION << 3
PAYLOAD_POINTERS = 2
# The kinds of messages that every call needs, as numbers at hand.
CALL = decode.CALL
RETURN = decode.RETURN
FINISH = decode.FINISH
RELEASE = decode.RELEASE
TARGET_PROMISED_ANSWER = decode.TARGET_PROMISED_ANSWER
SENDER_HOSTED = decode.SENDER_HOSTED
SENDER_PROMISE = decode.SENDER_PROMISE


@cache
def template(tag: int, data_words: int, pointer_count: int, payload_pointer: int = -1) -> bytes:
    """Return the words that every message of a kind begins with.

    Args:
        tag: the kind.
        data_words: size of the data section of its body.
        pointer_count: size of the pointer section of its body.
        payload_pointer: which pointer of the body leads to a Payload; negative for none.
    """
    message = MessageBuilder(32)
    root = message.root.init_struct(1, 1)
    root.set_u16(0, tag)
    body = root.init_struct(0, data_words, pointer_count)
    if payload_pointer >= 0:
        body.init_struct(payload_pointer, 0, PAYLOAD_POINTERS)
    return bytes(message.output()[0])


class OutgoingMessage(MessageBuilder):
    """A message for the peer; `body` is the struct of its kind, `fds` the descriptors that go with it.

    The builders of body and payload are made when asked for: a message that held them would hold itself.

    Args:
        tag: the kind.
        data_words: size of the data section of its body.
        pointer_count: size of the pointer section of its body.
        size_hint_words: how large it will be.
        beginning: what every message of the kind begins with, from `template`; made if not given.
    """

    __slots__ = ("data_words", "fds", "pointer_count", "tag")

    def __init__(
        self, tag: int, data_words: int, pointer_count: int, size_hint_words: int, beginning: bytes | None = None
    ) -> None:
        if beginning is None:
            beginning = template(tag, data_words, pointer_count)
        self.begin(tag, data_words, pointer_count, size_hint_words, beginning)

    def begin(self, tag: int, data_words: int, pointer_count: int, size_hint_words: int, beginning: bytes) -> None:
        """Begin; the arguments are those of the class."""
        words = len(beginning) >> 3
        size = size_hint_words
        if size > LONGEST_FIRST_SEGMENT_WORDS:
            size = LONGEST_FIRST_SEGMENT_WORDS
        if size < words:
            size = words
        self.start(size, True)
        first = self.newest
        first.put_bytes(0, beginning)
        first.used = words
        self.tag = tag
        self.data_words = data_words
        self.pointer_count = pointer_count
        self.fds: list[int] | None = None

    def pieces(self) -> list[memoryview | bytes]:
        """Return the used words of every segment, to be sent: short ones as copies, which cost less than to look at the memory itself."""
        made: list[memoryview | bytes] = []
        for segment in self.segments:
            short = segment.used <= COPIED_WORDS and not segment.fixed
            made.append(segment.blob(0, segment.used << 3) if short else segment.content())
        return made

    @property
    def body(self) -> AnyStructBuilder:
        """The struct of the message's kind: behind the root pointer and the three words of Message."""
        made = AnyStructBuilder()
        self.lay_struct(made, self.segments[0], BODY_POSITION, self.data_words, self.pointer_count)
        return made

    @property
    def payload(self) -> AnyStructBuilder:
        """The Payload of a Call or Return, behind the body."""
        made = AnyStructBuilder()
        position = BODY_POSITION + self.data_words + self.pointer_count
        self.lay_struct(made, self.segments[0], position, 0, PAYLOAD_POINTERS)
        return made

    def content(self) -> AnyPointerBuilder:
        """Return the place for the params of a Call, or for the results of a Return."""
        made = AnyPointerBuilder.__new__(AnyPointerBuilder)
        made.open(self, self.segments[0], BODY_POSITION + self.data_words + self.pointer_count)
        return made

    def init_capability_table(self, length: int) -> AnyListBuilder:
        """Make the table of the capabilities in the Payload of a Call or Return and return it."""
        made = AnyListBuilder.__new__(AnyListBuilder)
        pointer = BODY_POSITION + self.data_words + self.pointer_count + 1
        self.init_struct_list(made, self.segments[0], pointer, length, 1, 1)
        return made

    def init_target(self) -> AnyStructBuilder:
        """Make the MessageTarget of a Call or Disembargo, or the CapDescriptor of a Resolve, and return it: they have one place and size."""
        made = AnyStructBuilder.__new__(AnyStructBuilder)
        self.init_struct(made, self.segments[0], BODY_POSITION + self.data_words, 1, 1)
        return made

    def write_call(
        self, question_id: int, interface_id: int, method_id: int, to_yourself: bool, hint_bits: int
    ) -> None:
        """Write the numbers of a Call; `hint_bits` are bits 129 and 130 as 1 and 2."""
        first = self.segments[0]
        first.u32s[BODY_BYTES >> 2] = question_id
        first.u16s[(BODY_BYTES + 4) >> 1] = method_id
        if to_yourself:
            first.u16s[(BODY_BYTES + 6) >> 1] = decode.TO_YOURSELF
        first.u64s[(BODY_BYTES + 8) >> 3] = interface_id
        if hint_bits:
            first.u8s[BODY_BYTES + 16] = hint_bits << 1

    def write_return(self, answer_id: int, no_finish_needed: bool) -> None:
        """Write the numbers of a Return that carries results."""
        first = self.segments[0]
        first.u32s[BODY_BYTES >> 2] = answer_id
        # Bit 32 set: releaseParamCaps = false (default true). Bit 33: noFinishNeeded.
        first.u8s[BODY_BYTES + 4] = 3 if no_finish_needed else 1

    def write_finish(self, question_id: int, release_result_caps: bool) -> None:
        """Write the numbers of a Finish, which never asks for the old peers' workaround."""
        first = self.segments[0]
        first.u32s[BODY_BYTES >> 2] = question_id
        # Bit 33 set: requireEarlyCancellationWorkaround = false. Bit 32 set: releaseResultCaps = false.
        first.u8s[BODY_BYTES + 4] = 2 if release_result_caps else 3


CALL_TEMPLATE = template(CALL, 3, 3, 1)
RETURN_TEMPLATE = template(RETURN, 2, 1, 0)
EMPTY_RETURN_TEMPLATE = template(RETURN, 2, 1)
FINISH_TEMPLATE = template(FINISH, 1, 0)
RELEASE_TEMPLATE = template(RELEASE, 1, 0)


def call(size_hint_words: int) -> OutgoingMessage:
    """Return a Call whose params can be written; target and ids come when it is sent."""
    message = OutgoingMessage.__new__(OutgoingMessage)
    message.begin(CALL, 3, 3, size_hint_words + ENVELOPE_WORDS, CALL_TEMPLATE)
    return message


def return_(size_hint_words: int) -> OutgoingMessage:
    """Return a Return whose results can be written."""
    message = OutgoingMessage.__new__(OutgoingMessage)
    message.begin(RETURN, 2, 1, size_hint_words + ENVELOPE_WORDS, RETURN_TEMPLATE)
    return message


def return_without_results(answer_id: int, kind: int, other_question: int = 0) -> OutgoingMessage:
    """Return a Return of a kind that has no pointer; the caller adds the error of an exception."""
    message = OutgoingMessage(RETURN, 2, 1, 8, EMPTY_RETURN_TEMPLATE)
    body = message.body
    body.set_u32(0, answer_id)
    body.set_u8(4, 1)
    body.set_u16(6, kind)
    if other_question:
        body.set_u32(8, other_question)
    return message


def return_error(answer_id: int, error: RpcError, trace: str) -> OutgoingMessage:
    """Return a Return with an exception."""
    message = return_without_results(answer_id, decode.EXCEPTION)
    write_error(message.body.pointer(0), error, trace)
    return message


def finish(question_id: int, release_result_caps: bool) -> OutgoingMessage:
    """Return a Finish that never asks for the old peers' workaround."""
    message = OutgoingMessage.__new__(OutgoingMessage)
    message.begin(FINISH, 1, 0, 4, FINISH_TEMPLATE)
    message.write_finish(question_id, release_result_caps)
    return message


def bootstrap(question_id: int) -> OutgoingMessage:
    """Return a Bootstrap."""
    message = OutgoingMessage(decode.BOOTSTRAP, 1, 1, 6)
    message.body.set_u32(0, question_id)
    return message


def resolve(promise_id: int) -> OutgoingMessage:
    """Return a Resolve; the caller adds the capability or the error."""
    message = OutgoingMessage(decode.RESOLVE, 1, 1, 16)
    message.body.set_u32(0, promise_id)
    return message


def resolve_error(promise_id: int, error: RpcError, trace: str) -> OutgoingMessage:
    """Return a Resolve with an exception."""
    message = resolve(promise_id)
    message.body.set_u16(4, decode.RESOLVE_EXCEPTION)
    write_error(message.body.pointer(0), error, trace)
    return message


def release(import_id: int, count: int) -> OutgoingMessage:
    """Return a Release."""
    message = OutgoingMessage(RELEASE, 1, 0, 4, RELEASE_TEMPLATE)
    message.body.set_u32(0, import_id)
    message.body.set_u32(4, count)
    return message


def disembargo(context: int, embargo_id: int) -> OutgoingMessage:
    """Return a Disembargo; the caller adds the target."""
    message = OutgoingMessage(decode.DISEMBARGO, 1, 2, 16)
    message.body.set_u32(0, embargo_id)
    message.body.set_u16(4, context)
    return message


def abort(error: RpcError, trace: str) -> OutgoingMessage:
    """Return an Abort."""
    message = OutgoingMessage(decode.ABORT, 0, 0, 16)
    root = message.root.struct(1, 1)
    write_error(root.pointer(0), error, trace)
    return message


def unimplemented(received: MessageReader) -> OutgoingMessage:
    """Return an Unimplemented that holds a copy of a received message, without capabilities."""
    message = OutgoingMessage(decode.UNIMPLEMENTED, 0, 0, 64)
    message.root.struct(1, 1).pointer(0).set(received.root)
    return message


def write_error(pointer: AnyPointerBuilder, error: RpcError, trace: str) -> None:
    """Write an Exception struct."""
    exception = pointer.init_struct(1, 3)
    exception.set_text(0, error.reason)
    exception.set_u16(4, error.kind)
    if trace:
        exception.set_text(1, trace)
    if error.details:
        listed = exception.init_struct_list(2, len(error.details), 1, 1)
        for index, (detail_id, content) in enumerate(error.details):
            detail = listed.struct(index)
            detail.set_u64(0, detail_id)
            detail.set_blob(0, content)


def write_imported_cap(target: AnyStructBuilder, import_id: int) -> None:
    """Write a MessageTarget that names an object which the receiver exports."""
    target.set_u32(0, import_id)


def write_answer_target(target: AnyStructBuilder, question_id: int, path: Path) -> None:
    """Write a MessageTarget that names a path of an answer of the receiver's."""
    target.set_u16(4, TARGET_PROMISED_ANSWER)
    write_promised_answer(target, question_id, path)


def write_sender(descriptor: AnyStructBuilder, export_id: int, promise: bool) -> None:
    """Write a CapDescriptor of an object, or a promise, that the sender exports."""
    descriptor.set_u16(0, SENDER_PROMISE if promise else SENDER_HOSTED)
    descriptor.set_u32(4, export_id)


def write_receiver_hosted(descriptor: AnyStructBuilder, import_id: int) -> None:
    """Write a CapDescriptor of an object which the receiver exports."""
    descriptor.set_u16(0, decode.RECEIVER_HOSTED)
    descriptor.set_u32(4, import_id)


def write_receiver_answer(descriptor: AnyStructBuilder, question_id: int, path: Path) -> None:
    """Write a CapDescriptor of what a path of an answer of the receiver's leads to."""
    descriptor.set_u16(0, decode.RECEIVER_ANSWER)
    write_promised_answer(descriptor, question_id, path)


def write_attached_fd(descriptor: AnyStructBuilder, index: int) -> None:
    """Write into a CapDescriptor which of the message's file descriptors goes with it."""
    descriptor.set_u8(2, index, decode.NO_FD)


def write_promised_answer(holder: AnyStructBuilder, question_id: int, path: Path) -> None:
    """Write a PromisedAnswer behind pointer 0 of a MessageTarget or CapDescriptor, whose tag the caller writes."""
    promised = holder.init_struct(0, 1, 1)
    promised.set_u32(0, question_id)
    if path:
        operations = promised.init_struct_list(0, len(path), 1, 0)
        for index, pointer_index in enumerate(path):
            operation = operations.struct(index)
            operation.set_u16(0, 1)
            operation.set_u16(2, pointer_index)
