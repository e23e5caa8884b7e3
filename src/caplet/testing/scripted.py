"""A scripted peer: raw messages in and out of one connection, to play a peer that is hostile, old, or plainly wrong.

Knows how each message is written with any field at will. Does not keep any table: the script knows what it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.rpc import decode, encode
from caplet.rpc.encode import OutgoingMessage
from caplet.testing.host import SimulatedHost
from caplet.testing.network import as_public
from caplet.testing.transcript import Transcript
from caplet.vat.vat import Vat
from caplet.wire.message import MessageReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.limits import Limits
    from caplet.testing.network import Public
    from caplet.wire.untyped_builder import AnyStructBuilder

__all__ = ["Descriptor", "Script", "ScriptedPeer", "answer", "export", "hosted", "mine", "none", "promise"]

# A function that fills a CapDescriptor or a MessageTarget.
Descriptor = "Callable[[AnyStructBuilder], None]"


def described(kind: int, number: int) -> Callable[[AnyStructBuilder], None]:
    """Return what fills a CapDescriptor of a kind with one number."""

    def fill(descriptor: AnyStructBuilder) -> None:
        descriptor.set_u16(0, kind)
        descriptor.set_u32(4, number)

    return fill


def hosted(number: int) -> Callable[[AnyStructBuilder], None]:
    """Describe an object of the script (senderHosted)."""
    return described(decode.SENDER_HOSTED, number)


def promise(number: int) -> Callable[[AnyStructBuilder], None]:
    """Describe a promise of the script (senderPromise)."""
    return described(decode.SENDER_PROMISE, number)


def mine(number: int) -> Callable[[AnyStructBuilder], None]:
    """Describe an export of the connection under test (receiverHosted)."""
    return described(decode.RECEIVER_HOSTED, number)


def none() -> Callable[[AnyStructBuilder], None]:
    """Describe no capability."""
    return described(decode.CAP_NONE, 0)


def answer_descriptor(question: int, *path: int) -> Callable[[AnyStructBuilder], None]:
    """Describe a capability in the results of a question of the script (receiverAnswer)."""

    def fill(descriptor: AnyStructBuilder) -> None:
        descriptor.set_u16(0, decode.RECEIVER_ANSWER)
        encode.write_promised_answer(descriptor, question, path)

    return fill


def export(number: int) -> Callable[[AnyStructBuilder], None]:
    """Aim at an export of the connection under test."""

    def fill(target: AnyStructBuilder) -> None:
        target.set_u32(0, number)

    return fill


def answer(question: int, *path: int) -> Callable[[AnyStructBuilder], None]:
    """Aim at a capability in the results of a question of the script."""

    def fill(target: AnyStructBuilder) -> None:
        target.set_u16(4, decode.TARGET_PROMISED_ANSWER)
        encode.write_promised_answer(target, question, path)

    return fill


class Script:
    """Says what a script wants to say; where it is said is up to the kind of peer."""

    def __init__(self) -> None:
        self.transcript = Transcript()

    def send(self, message: OutgoingMessage) -> None:
        """Send a message."""
        reader = MessageReader([bytes(view) for view in message.output()])
        self.transcript.record("script", "vat", MessageReader([bytes(view) for view in message.output()]))
        self.send_raw(reader)

    def send_raw(self, message: MessageReader) -> None:
        """Send any message, well-formed or not."""
        raise NotImplementedError

    # --- messages ----------------------------------------------------------------------------------------------------------------

    def bootstrap(self, question: int, object_id: bool = False) -> None:
        """Send a Bootstrap, with a deprecatedObjectId if asked for."""
        message = encode.bootstrap(question)
        if object_id:
            message.body.set_text(0, "id")
        self.send(message)

    def call(
        self,
        question: int,
        target: Callable[[AnyStructBuilder], None],
        *capabilities: Callable[[AnyStructBuilder], None],
        number: int = 0,
        method: int = 0,
        results_to: int = 0,
        hints: int = 0,
        interface: int = 1,
    ) -> None:
        """Send a Call whose params are a struct of one number and the capabilities."""
        message = encode.call(16)
        self.write_payload(message, number, capabilities)
        target(message.body.init_struct(0, 1, 1))
        message.write_call(question, interface, method, False, hints)
        message.body.set_u16(6, results_to)
        self.send(message)

    def write_payload(
        self, message: OutgoingMessage, number: int, capabilities: tuple[Callable[[AnyStructBuilder], None], ...]
    ) -> None:
        """Write content and capability table."""
        payload = message.payload
        content = payload.pointer(0).init_struct(1, len(capabilities))
        content.set_u64(0, number)
        if capabilities:
            listed = payload.init_struct_list(1, len(capabilities), 1, 1)
            for index, describe in enumerate(capabilities):
                describe(listed.struct(index))
                # The table is written by hand, so the pointers must not add to it.
                content.pointer(index).set_capability(message)
            message.capabilities.clear()

    def return_results(
        self,
        question: int,
        *capabilities: Callable[[AnyStructBuilder], None],
        number: int = 0,
        release_params: bool = False,
        no_finish_needed: bool = False,
    ) -> None:
        """Send a Return with results."""
        message = encode.return_(16)
        self.write_payload(message, number, capabilities)
        message.write_return(question, no_finish_needed)
        message.body.set_boolean(32, release_params, True)
        self.send(message)

    def return_kind(self, question: int, kind: int, other: int = 0) -> None:
        """Send a Return of any kind without content."""
        self.send(encode.return_without_results(question, kind, other))

    def return_error(self, question: int, reason: str = "no", kind: int = 0) -> None:
        """Send a Return with an exception."""
        message = encode.return_without_results(question, decode.EXCEPTION)
        exception = message.body.init_struct(0, 1, 3)
        exception.set_text(0, reason)
        exception.set_u16(4, kind)
        self.send(message)

    def finish(self, question: int, release_results: bool = False, workaround: bool = False) -> None:
        """Send a Finish."""
        message = encode.finish(question, release_results)
        message.body.set_boolean(33, workaround, True)
        self.send(message)

    def release(self, number: int, count: int = 1) -> None:
        """Send a Release."""
        self.send(encode.release(number, count))

    def resolve(self, number: int, describe: Callable[[AnyStructBuilder], None] | None, kind: int = 0) -> None:
        """Send a Resolve, to an exception when `describe` is None."""
        message = encode.resolve(number)
        if describe is None:
            message.body.set_u16(4, kind or decode.RESOLVE_EXCEPTION)
            message.body.init_struct(0, 1, 3).set_text(0, "resolved to an error")
        else:
            message.body.set_u16(4, kind)
            describe(message.body.init_struct(0, 1, 1))
        self.send(message)

    def disembargo(self, target: Callable[[AnyStructBuilder], None], kind: int, number: int = 0) -> None:
        """Send a Disembargo."""
        message = encode.disembargo(kind, number)
        target(message.body.init_struct(0, 1, 1))
        self.send(message)

    def abort(self, reason: str = "enough") -> None:
        """Send an Abort."""
        message = OutgoingMessage(decode.ABORT, 1, 3, 16)
        message.body.set_text(0, reason)
        self.send(message)

    def unimplemented(self, message: MessageReader) -> None:
        """Send a message of the vat back as unimplemented."""
        copied = OutgoingMessage(decode.UNIMPLEMENTED, 1, 1, 64)
        message.capabilities = [None] * 16
        copied.root.struct(1, 1).pointer(0).set(message.root)
        self.send(copied)

    def empty(self, tag: int, data_words: int = 1, pointer_count: int = 2) -> None:
        """Send a message of any kind with nothing in it."""
        self.send(OutgoingMessage(tag, data_words, pointer_count, 16))


class ScriptedPeer(Script):
    """One vat with one connection, whose peer is the script.

    Args:
        bootstrap: the public object of the vat under test: a server, a client, or, without a schema, a capability or what makes one for each peer.
        limits: bounds of its connection.
    """

    def __init__(self, bootstrap: Public | None = None, limits: Limits | None = None) -> None:
        super().__init__()
        self.host = SimulatedHost()
        self.vat = Vat(self.host, as_public(bootstrap), limits)
        self.connection = self.vat.add_connection("script")
        self.messages: list[MessageReader] = []

    # --- moving ------------------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Let the vat do what it can, and collect what it says."""
        while True:
            self.host.awake = False
            self.vat.turns.run()
            if not self.host.run_ready() and not self.host.awake and self.vat.turns.idle:
                break
        for message in self.connection.take_output():
            reader = MessageReader([bytes(view) for view in message.output()])
            self.messages.append(reader)
            self.transcript.record("vat", "script", reader)
        self.vat.connections_with_output()
        self.connection.check()

    def send_raw(self, message: MessageReader) -> None:
        """Send any message, well-formed or not."""
        self.connection.receive(message)
        self.run()

    def lines(self) -> list[str]:
        """Return what the vat said since the last time."""
        self.run()
        prefix = "vat -> script  "
        return [line.removeprefix(prefix) for line in self.transcript.take() if line.startswith(prefix)]
