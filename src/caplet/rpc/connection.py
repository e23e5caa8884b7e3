"""One connection: its tables, and the one place where what the tables ask for is done.

Knows the tables, the outbox and the end of the connection. The whole surface for a driver is small: `receive` messages, take the `outbox`,
`disconnect`, `bootstrap`, and to look inside `stats`, `dump`, `check`. What each received message does is in `inbound.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.capability import Capability
from caplet.errors import Disconnected, Failed, Overloaded, ProtocolError, RpcError, make_rpc_error
from caplet.limits import DEFAULT_LIMITS
from caplet.rpc import (
    answer_states,
    descriptor,
    embargo,
    encode,
    export,
    import_,
    inbound,
    inspection,
    outbound,
    question,
    resolution,
)
from caplet.rpc.flow import Flow
from caplet.rpc.ids import FIRST_SILENT_ID, IdTable
from caplet.rpc.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.answer import Answer
    from caplet.cap.capability import BrokenWatch
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.limits import Limits
    from caplet.rpc.answer import AnswerRow
    from caplet.rpc.embargo import Embargo
    from caplet.rpc.encode import OutgoingMessage
    from caplet.rpc.export import Export
    from caplet.rpc.import_ import Import
    from caplet.rpc.question import Question, Slot
    from caplet.rpc.remote import RemoteCapability
    from caplet.wire.message import MessageReader

__all__ = ["Connection"]

FREE_QUESTION = int(question.Action.FREE_ID)
FINISH_AND_RELEASE = int(question.Action.SEND_FINISH_AND_RELEASE)
FREE_ANSWER = int(answer_states.Action.FREE_ID)
CANCEL_CALL = int(answer_states.Action.CANCEL_CALL)
FREE_EXPORT = int(export.Action.FREE_ID)
FORGET_IDENTITY = int(export.Action.FORGET_IDENTITY)
UNWATCH = int(export.Action.UNWATCH)
PROMISE = int(export.State.PROMISE)
FREE_IMPORT = int(import_.Action.FREE_ID)
# So much is written without waiting for the end of the turn: the peer works on it while we make more, and what was built is let go of.
EARLY_WORDS = 8 * 1024
CLOSED_HERE = Disconnected("the connection was closed here")


class Connection(Tables):
    """One connection.

    Args:
        turns: the turn queue of the vat.
        make_bootstrap: called with the identity of the peer for each of its Bootstraps; None when the vat has no public object.
        peer: the identity of the peer, as the network vouches for it.
        limits: bounds; None for the defaults.
        name: what the connection is called in descriptions.
        tail_calls: whether to leave results of tail calls at the peer; some peers do not know how.
    """

    __slots__ = ()

    def __init__(
        self,
        turns: Turns,
        make_bootstrap: Callable[[object | None], Capability] | None = None,
        peer: object | None = None,
        limits: Limits | None = None,
        name: str = "peer",
        tail_calls: bool = True,
    ) -> None:
        self.turns = turns
        self.make_bootstrap = make_bootstrap
        self.peer = peer
        self.context = None
        self.limits = DEFAULT_LIMITS if limits is None else limits
        self.max_answers = self.limits.answers
        self.max_call_words = self.limits.call_words
        self.max_message_words = self.limits.message_words
        self.max_questions = self.limits.questions
        self.name = name
        self.tail_calls = tail_calls
        self.error = None
        self.questions = IdTable()
        self.silent = {}
        self.next_silent = FIRST_SILENT_ID
        self.use_silent_ids = True
        self.answers = {}
        self.exports = IdTable()
        self.exported = {}
        self.unresolved = None
        self.imports = {}
        self.embargoes = IdTable()
        self.markers = 0
        self.discarded_fds = None
        self.outbox = []
        self.unwritten_words = 0
        self.watcher = None
        self.flow = Flow()
        self.reading_paused = False
        self.on_resume = None
        self.trace_encoder = None
        self.tracer = None
        self.break_watches = None
        self.closed_callbacks = None
        self.sent = 0
        self.sent_words = 0
        self.received = 0
        self.received_words = 0

    # --- the surface -------------------------------------------------------------------------------------------------------------

    def receive(self, message: MessageReader, fds: list[int] | None = None) -> None:
        """Digest one message of the peer; never starts a method and never raises.

        Afterwards the driver runs the turn queue and writes the outbox.

        Args:
            message: the message.
            fds: descriptors that came with it; those that a capability takes become -1, the caller closes the others.
        """
        if self.error is not None:
            return
        self.received += 1
        for segment in message.segments:
            self.received_words += segment.words
        # What programs let go of earlier counts as earlier.
        self.turns.settle_drops()
        if self.error is not None:
            return
        if self.tracer is not None:
            self.tracer("received", message)
        try:
            inbound.receive(self, message, fds)
        except RpcError as error:
            self.disconnect(error)
        except (ValueError, IndexError) as error:
            self.disconnect(ProtocolError(f"malformed message: {error}"))
        except Exception as error:
            internal = Failed(f"internal error: {type(error).__name__}: {error}", fault="internal")
            internal.__cause__ = error
            self.disconnect(internal)
        self.turns.settle_drops()

    def take_output(self) -> list[OutgoingMessage]:
        """Return what has to be written, in order, and forget it."""
        outbox = self.outbox
        self.outbox = []
        self.unwritten_words = 0
        return outbox

    def bootstrap(self) -> Capability:
        """Return the peer's bootstrap object, usable at once."""
        return outbound.send_bootstrap(self)

    @property
    def closed(self) -> RpcError | None:
        """Why the connection has ended, None while it lives; what is left in the outbox should still be written."""
        return self.error

    def on_closed(self, callback: Callable[[RpcError], None]) -> None:
        """Call back when the connection ends, at once when it has."""
        if self.error is not None:
            callback(self.error)
        elif self.closed_callbacks is None:
            self.closed_callbacks = [callback]
        else:
            self.closed_callbacks.append(callback)

    @property
    def is_idle(self) -> bool:
        """Whether all tables are empty, so that the end of the connection would mean nothing to anybody."""
        return not (self.questions or self.silent or self.answers or self.exports or self.imports or self.embargoes)

    def stats(self) -> dict[str, int]:
        """Return how large each table is and how many messages went each way."""
        return inspection.stats(self)

    def dump(self) -> str:
        """Return the tables as text, one line an entry."""
        return inspection.dump(self)

    def check(self) -> None:
        """Verify every invariant of the tables.

        Raises:
            AssertionError: one does not hold.
        """
        inspection.check(self)

    def disconnect(self, error: RpcError | None = None) -> None:
        """End the connection: everything outstanding fails as disconnected with this reason, capabilities break.

        An Abort is left in the outbox, unless nothing was going on.
        """
        if self.error is not None:
            return
        if error is None:
            error = CLOSED_HERE
        idle = self.is_idle
        reason = make_rpc_error(
            Disconnected.default_kind, error.reason, trace=error.trace, details=error.details, fault=error.fault
        )
        # What broke the rules is told from what merely ended; it was caught here, so its frames are of no use.
        broken = None if type(error) is Disconnected else error.with_traceback(None)
        reason.__cause__ = error.__cause__ or broken
        # First of all: whatever happens below must find the connection dead.
        self.error = reason
        self.fail_everything(reason)
        if not idle or isinstance(error, ProtocolError):
            self.put_out(encode.abort(error, self.trace_of(error)))
            self.note_output()
        self.trace_encoder = None
        if self.watcher is not None:
            self.watcher.note_end(self)
        callbacks = self.closed_callbacks
        self.closed_callbacks = None
        for callback in callbacks or ():
            callback(reason)
        self.turns.wake()

    def fail_everything(self, reason: RpcError) -> None:
        """Empty every table."""
        questions = self.questions.entries() + list(self.silent.values())
        answers = list(self.answers.values())
        exports = self.exports.entries()
        imports = list(self.imports.values())
        embargoes = self.embargoes.entries()
        self.questions = IdTable()
        self.silent = {}
        self.answers = {}
        self.exports = IdTable()
        self.exported = {}
        self.unresolved = None
        self.imports = {}
        self.embargoes = IdTable()
        # All entries are over before anybody is told: what is let go of meanwhile must not reach for ids that are gone.
        for asked in questions:
            asked.advance(question.Event.DISCONNECTED)
        for asked in questions:
            asked.fail(reason)
        for row in answers:
            row.advance(answer_states.Event.DISCONNECTED)
        for exported in exports:
            exported.advance(export.Event.DISCONNECTED)
        for imported in imports:
            imported.advance(import_.Event.DISCONNECTED)
            self.discard_fd(imported)
            inbound.break_import(imported, reason)
        for waiting in embargoes:
            waiting.advance(embargo.Event.DISCONNECTED)
        self.flow.disconnected(reason)
        watches = self.break_watches
        self.break_watches = None
        for watch in watches or ():
            watch.broken(reason)

    # --- sending -----------------------------------------------------------------------------------------------------------------

    def new_request(self, target: Capability, interface_id: int, method_id: int, size_hint_words: int) -> Request:
        """Return a request whose params lie in an outgoing Call."""
        return outbound.new_request(self, target, interface_id, method_id, size_hint_words)

    def send_request(self, raw: RemoteCapability, request: Request) -> Answer:
        """Send a request to what `raw` addresses."""
        return outbound.send_request(self, raw, request)

    def send(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox, and after it the Resolves that it makes necessary."""
        if self.error is not None:
            return
        self.put_out(message)
        if len(self.outbox) == 1:
            self.note_output()
        if self.unresolved:
            self.send_unresolved()
        if self.unwritten_words >= EARLY_WORDS and self.flow.driver is not None:
            self.flow.driver.send_output()

    def put_out(self, message: OutgoingMessage) -> None:
        """Put a message into the outbox."""
        self.outbox.append(message)
        self.sent += 1
        words = message.count_words()
        self.sent_words += words
        self.unwritten_words += words
        if self.tracer is not None:
            self.tracer("sent", message)

    def note_output(self) -> None:
        """Tell the vat that there is something to write."""
        if self.watcher is not None:
            self.watcher.note_output(self)
        self.turns.wake()

    def send_unresolved(self) -> None:
        """Send the Resolves of broken capabilities that the last message described."""
        exports = self.unresolved
        self.unresolved = None
        for broken in exports or ():
            if broken.state == PROMISE:
                broken.advance(export.Event.SETTLED)

    def refusal(self, message: OutgoingMessage) -> RpcError | None:
        """Return why a message cannot be sent, None when it can."""
        words = message.count_words()
        if words > self.max_message_words:
            return Failed(f"the message has {words} words; the limit is {self.max_message_words}")
        return None

    def trace_of(self, error: RpcError) -> str:
        """Return the trace that travels with an error; empty unless the vat encodes traces."""
        if self.trace_encoder is None:
            return ""
        try:
            return self.trace_encoder(error)
        except Exception as failure:
            return f"no trace: the trace encoder failed with {type(failure).__name__}: {failure}"

    # --- what the tables ask for ----------------------------------------------------------------------------------------------------
    # An `entry` here and below is the argument under a name that has a C type: `tables.pxd` cannot name the types of entries, which name it.

    def add_silent(self, asked: Question) -> int:
        """Give a call that no Return is expected for an id, round robin."""
        number = self.next_silent
        while number in self.silent:
            number = number + 1 if number < 0xFFFFFFFF else FIRST_SILENT_ID
        self.silent[number] = asked
        self.next_silent = number + 1 if number < 0xFFFFFFFF else FIRST_SILENT_ID
        return number

    def forget_question(self, asked: Question) -> None:
        """Free the id of a question."""
        if asked.id >= FIRST_SILENT_ID:
            self.silent.pop(asked.id, None)
        else:
            self.questions.remove(asked.id)

    def act_on_question(self, asked: Question, action: int) -> None:
        """Do what the question table asks for."""
        if action == FREE_QUESTION:
            self.forget_question(asked)
        else:
            entry = asked
            self.send(encode.finish(entry.id, action == FINISH_AND_RELEASE))

    def act_on_answer(self, row: AnswerRow, action: int) -> None:
        """Do what the answer table asks for."""
        entry = row
        if action == FREE_ANSWER:
            if self.answers.get(entry.id) is entry:
                del self.answers[entry.id]
            self.flow.kept_words -= entry.kept_words
            entry.tail = None
        elif action == CANCEL_CALL:
            entry.cancel()
        else:
            descriptor.take_back(self, entry.exports)

    def act_on_export(self, exported: Export, action: int) -> None:
        """Do what the export table asks for."""
        if action == FREE_EXPORT:
            self.exports.remove(exported.id)
        elif action == FORGET_IDENTITY:
            if self.exported.get(id(exported.target)) is exported:
                del self.exported[id(exported.target)]
        elif action == UNWATCH:
            exported.target.remove_watch(exported)
        else:
            self.send_resolve(exported)

    def act_on_import(self, imported: Import, action: int) -> None:
        """Do what the import table asks for."""
        if action == FREE_IMPORT:
            del self.imports[imported.id]
        else:
            self.discard_fd(imported)
            self.send(encode.release(imported.id, imported.count))

    def act_on_embargo(self, waiting: Embargo, action: int) -> None:
        """Do what the embargo table asks for."""
        if action == embargo.Action.FREE_ID:
            self.embargoes.remove(waiting.id)
        elif action == embargo.Action.RELEASE_CALLS:
            waiting.promise.resolve(resolution.refreshed(self, waiting.target))
        else:
            waiting.promise.reject(self.error or Failed("the peer cannot lift an embargo", fault="remote"))

    # --- exports -----------------------------------------------------------------------------------------------------------------

    def drop_export_count(self, exported: Export, count: int) -> None:
        """Take references of the peer to an export away."""
        exported.count -= count
        if exported.count == 0:
            exported.advance(export.Event.RELEASED)

    def export_resolved(self, exported: Export, capability: Capability) -> None:
        """A promise that the peer holds became something."""
        if self.error is not None:
            return
        capability = capability.current()
        if (
            capability.is_promise
            and capability.connection is not self
            and capability.error is None
            and id(capability) not in self.exported
        ):
            # Another promise of ours takes its place under the same id; there is nothing to tell yet.
            del self.exported[id(exported.target)]
            exported.target = capability
            self.exported[id(capability)] = exported
            capability.add_watch(exported)
            return
        del self.exported[id(exported.target)]
        exported.target = capability
        exported.advance(export.Event.SETTLED)

    def send_resolve(self, exported: Export) -> None:
        """Tell the peer what a promise became; from now on the export is frozen to that."""
        capability = exported.target.current()
        error = capability.error
        if error is not None:
            # Null too: peers reject a Resolve without a capability.
            self.send(encode.resolve_error(exported.id, error, self.trace_of(error)))
            return
        message = encode.resolve(exported.id)
        exported.target = descriptor.describe(self, capability, message.init_target(), message, None)
        self.send(message)

    # --- what promises become ----------------------------------------------------------------------------------------------------
    # Entries ask here, because what does it stands above them; and a connection with one rule switched off shows that tests notice.

    def settle(self, raw: RemoteCapability, called: bool, capability: Capability) -> Capability:
        """Return what a promise of the peer becomes, under embargo if need be."""
        return resolution.settle(self, raw, called, capability)

    def start_embargo(self, raw: RemoteCapability, capability: Capability) -> Capability:
        """Return a promise that becomes `capability` when what was sent through `raw` has come through."""
        return resolution.start_embargo(self, raw, capability)

    def frozen(self, row: AnswerRow, number: int) -> Capability:
        """Return what the Return of an answer said about capability `number` of its table."""
        entry = row
        assert entry.frozen is not None
        return entry.frozen[number]

    def promise_for_slot(self, slot: Slot) -> Capability:
        """Return the promise for a path of an answer."""
        return resolution.promise_for_slot(self, slot)

    def raw_for_slot(self, slot: Slot) -> RemoteCapability:
        """Return what addresses a path of an answer."""
        return resolution.raw_for_slot(self, slot)

    # --- small things ------------------------------------------------------------------------------------------------------------

    def call_answered(self, row: AnswerRow) -> None:
        """The Return of a call was sent: its message does not count any more."""
        entry = row
        words = entry.words
        if words:
            entry.words = 0
            flow = self.flow
            flow.call_answered(self, words)

    def add_break_watch(self, watch: BrokenWatch) -> None:
        """Tell `watch` when the connection ends."""
        watches = self.break_watches
        if watches is None:
            watches = self.break_watches = []
        if len(watches) >= 16 and len(watches) & (len(watches) - 1) == 0:
            watches[:] = [old for old in watches if old.callback is not None]
        watches.append(watch)

    def adopt_fd(self, row: Import, fds: list[int], index: int) -> None:
        """Let an import own one of the descriptors that came with a message."""
        if row.fd is None and fds[index] >= 0:
            row.fd = fds[index]
            fds[index] = -1

    def discard_fd(self, row: Import) -> None:
        """Leave the descriptor of an import that is over to the driver, which closes it."""
        if row.fd is not None:
            if self.discarded_fds is None:
                self.discarded_fds = []
            self.discarded_fds.append(row.fd)
            row.fd = None

    def overloaded(self, what: str) -> Overloaded:
        """Return the error for a call that is too many."""
        return Overloaded(f"{what}; try again later")
