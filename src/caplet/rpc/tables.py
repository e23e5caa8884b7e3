"""What a connection is to the entries of its tables: the tables themselves, and the few things that entries ask of it.

Knows where each thing is kept. Does not know what is done with it: `connection.py` does. It stands below the entries, so that compiled they can
use it by its C type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    from caplet.cap.answer import Answer
    from caplet.cap.capability import BrokenWatch, Capability
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError
    from caplet.limits import Limits
    from caplet.rpc.answer import AnswerRow
    from caplet.rpc.encode import OutgoingMessage
    from caplet.rpc.export import Export
    from caplet.rpc.flow import Flow
    from caplet.rpc.ids import IdTable
    from caplet.rpc.import_ import Import
    from caplet.rpc.question import Question, Slot
    from caplet.rpc.remote import RemoteCapability
    from caplet.wire.message import MessageReader

__all__ = ["Tables", "Watcher"]


class Watcher(Protocol):
    """Who is told what happens to connections: their vat."""

    def note_output(self, connection: Any) -> None:
        """A connection has something to write."""

    def note_end(self, connection: Any) -> None:
        """A connection ends; nobody else was told yet."""


class Tables:
    """The tables of one connection; `Connection` fills them."""

    __slots__ = (
        "__weakref__",
        "answers",
        "break_watches",
        "closed_callbacks",
        "context",
        "discarded_fds",
        "embargoes",
        "error",
        "exported",
        "exports",
        "flow",
        "imports",
        "limits",
        "make_bootstrap",
        "markers",
        "max_answers",
        "max_call_words",
        "max_message_words",
        "max_questions",
        "name",
        "next_silent",
        "on_resume",
        "outbox",
        "peer",
        "questions",
        "reading_paused",
        "received",
        "received_words",
        "sent",
        "sent_words",
        "silent",
        "tail_calls",
        "trace_encoder",
        "tracer",
        "turns",
        "unresolved",
        "unwritten_words",
        "use_silent_ids",
        "watcher",
    )

    turns: Turns
    make_bootstrap: Callable[[object | None], Capability] | None
    peer: object | None
    # The context variables that methods called by the peer begin with; None for those of whoever starts them.
    context: Context | None
    limits: Limits
    # Limits that are looked at for each call.
    max_answers: int
    max_call_words: int
    max_message_words: int
    max_questions: int
    name: str
    tail_calls: bool
    error: RpcError | None
    questions: IdTable
    silent: dict[int, Question]
    next_silent: int
    use_silent_ids: bool
    answers: dict[int, AnswerRow]
    exports: IdTable
    exported: dict[int, Export]
    # The lists that may be None are made when they are needed: there may be thousands of connections.
    # Broken capabilities that were described as promises; their Resolves follow the next message.
    unresolved: list[Export] | None
    imports: dict[int, Import]
    embargoes: IdTable
    markers: int
    # Descriptors of imports that are over; the driver closes them.
    discarded_fds: list[int] | None
    outbox: list[OutgoingMessage]
    # How many words the outbox has.
    unwritten_words: int
    flow: Flow
    reading_paused: bool
    watcher: Watcher | None
    on_resume: Callable[[], None] | None
    trace_encoder: Callable[[RpcError], str] | None
    # Shown each message: "received" with a reader, "sent" with what is about to leave.
    tracer: Callable[[str, MessageReader | OutgoingMessage], None] | None
    break_watches: list[BrokenWatch] | None
    closed_callbacks: list[Callable[[RpcError], None]] | None
    sent: int
    sent_words: int
    received: int
    received_words: int

    def new_request(self, target: Capability, interface_id: int, method_id: int, size_hint_words: int) -> Request:
        """Return a request whose params lie in an outgoing Call."""
        raise NotImplementedError

    def send_request(self, raw: RemoteCapability, request: Request) -> Answer:
        """Send a request to what `raw` addresses."""
        raise NotImplementedError

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox."""
        raise NotImplementedError

    def refusal(self, message: OutgoingMessage) -> RpcError | None:
        """Return why a message cannot be sent, None when it can."""
        raise NotImplementedError

    def act_on_question(self, asked: Question, action: int) -> None:
        """Do what the question table asks for."""
        raise NotImplementedError

    def act_on_answer(self, row: AnswerRow, action: int) -> None:
        """Do what the answer table asks for."""
        raise NotImplementedError

    def act_on_export(self, exported: Export, action: int) -> None:
        """Do what the export table asks for."""
        raise NotImplementedError

    def act_on_import(self, imported: Import, action: int) -> None:
        """Do what the import table asks for."""
        raise NotImplementedError

    def call_answered(self, row: AnswerRow) -> None:
        """Note that the Return of a call was sent."""
        raise NotImplementedError

    def frozen(self, row: AnswerRow, number: int) -> Capability:
        """Return what the Return of an answer said about capability `number` of its table."""
        raise NotImplementedError

    def settle(self, raw: RemoteCapability, called: bool, capability: Capability) -> Capability:
        """Return what a promise of the peer becomes, under embargo if need be."""
        raise NotImplementedError

    def promise_for_slot(self, slot: Slot) -> Capability:
        """Return the promise for a path of an answer."""
        raise NotImplementedError

    def raw_for_slot(self, slot: Slot) -> RemoteCapability:
        """Return what addresses a path of an answer."""
        raise NotImplementedError
