"""What an answer holds and does: a call of the peer, in the hands of a method and afterwards.

Knows the Return in all its kinds, and what calls pipelined on the answer reach: before the Return, promises that the results will
resolve; after it, strictly what the Return described (the freeze rule), also when we have come to know better. The states an answer goes
through are in `answer_states.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.answer import Answer, AnswerState, Path, immediate_answer
from caplet.cap.call import DONE, IncomingCall
from caplet.cap.capability import NULL, BrokenCapability, Capability
from caplet.cap.hints import NO_PROMISE_PIPELINING
from caplet.cap.promise import PromiseCapability
from caplet.cap.request import DEFAULT_PARAMS_WORDS
from caplet.errors import CapletError, DecodeError, Failed, as_rpc_error
from caplet.rpc import decode, descriptor, encode, tailcall
from caplet.rpc.answer_states import MACHINE, Event, State
from caplet.rpc.ids import FIRST_SILENT_ID
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from contextvars import Context

    from caplet.cap.request import Request
    from caplet.errors import RpcError
    from caplet.rpc.connection import Connection
    from caplet.rpc.encode import OutgoingMessage
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["AnswerRow"]


STEPS = MACHINE.steps
EVENTS = MACHINE.event_count
RUNNING = int(State.RUNNING)
CANCELLED = int(State.CANCELLED)
GONE = int(State.GONE)
# Smaller results are not counted while they wait for a Finish: the number of answers bounds them.
SMALL_WORDS = 64
RETURNED = int(Event.RETURNED)
RETURNED_FOR_GOOD = int(Event.RETURNED_FOR_GOOD)


class AnswerRow(IncomingCall):
    """A call of the peer.

    Args:
        connection: the connection that it came from.
        answer_id: the id that the peer gave it.
        interface_id: the 64-bit id of the interface that declares the method.
        method_id: the method's ordinal.
        params: the params.
        hints: the hints that came with it.
        words: how large its message is, for the flow limit.
        redirected: whether the results stay here until another question takes them (sendResultsTo.yourself).
    """

    __slots__ = (
        "capabilities",
        "claimed",
        "connection",
        "content",
        "early",
        "exports",
        "frozen",
        "gates",
        "id",
        "kept_words",
        "message",
        "redirected",
        "return_error",
        "source",
        "state",
        "tail",
        "words",
    )

    def __init__(
        self,
        connection: Connection,
        answer_id: int,
        interface_id: int,
        method_id: int,
        params: AnyPointer,
        hints: int,
        words: int,
        redirected: bool,
    ) -> None:
        self.open(connection.turns, interface_id, method_id, params, hints)
        self.begin(connection, answer_id, words, redirected)

    def begin(self, connection: Connection, answer_id: int, words: int, redirected: bool) -> None:
        """Begin what an answer has beside the call; the arguments are those of the class."""
        self.connection = connection
        self.id = answer_id
        self.state = 0
        self.words = words
        # How large the results are that wait for the peer's Finish.
        self.kept_words = 0
        self.redirected = redirected
        self.claimed = False
        self.message: OutgoingMessage | None = None
        # Promises for paths that calls were pipelined on before the Return, and results that are kept for another question.
        self.early: AnswerState | None = None
        # The answer that pipelined calls were sent to by the method itself.
        self.source: Answer | None = None
        # After the Return: the results, and for each capability of their table what was said about it.
        self.content: AnyPointer | None = None
        self.capabilities: list[object] | None = None
        self.frozen: list[Capability] | None = None
        self.gates: dict[Path, Capability] | None = None
        self.return_error: RpcError | None = None
        self.exports: list[int] | None = None
        # The call at the peer whose results the peer takes instead of ours.
        self.tail: Answer | None = None

    # --- lifetime ----------------------------------------------------------------------------------------------------------------

    def advance(self, event: int) -> None:
        """Take one step in the table and do what it says."""
        step = STEPS[self.state * EVENTS + event]
        if step is None:
            MACHINE.step(self.state, event)
        else:
            self.state = step[0]
            actions = step[1]
            for action in actions:
                self.connection.act_on_answer(self, action)

    @property
    def peer(self) -> object | None:
        """The identity of the peer that called."""
        return self.connection.peer

    @property
    def context(self) -> Context | None:
        """The context variables that the connection was opened with."""
        return self.connection.context

    # --- for the method ----------------------------------------------------------------------------------------------------------

    @property
    def results_touched(self) -> bool:
        """Whether results were begun."""
        return self.message is not None

    def results(self, size_hint_words: int = 0) -> AnyPointerBuilder:
        """Return the place for the results, inside the outgoing Return."""
        if self.message is None:
            self.message = encode.return_(size_hint_words or DEFAULT_PARAMS_WORDS)
        return self.message.content()

    def finish(self) -> None:
        """Give the results to whoever waits for them."""
        if not self.ended(None):
            return
        self.let_go()
        if self.state == CANCELLED:
            # Once Finish came, results are never sent, so that nobody has to wonder who releases the capabilities in them.
            self.end_cancelled()
        elif self.state == GONE:
            self.drop_results()
        elif self.redirected or self.id >= FIRST_SILENT_ID:
            self.keep_results()
        else:
            self.send_results()

    def fail(self, error: BaseException) -> None:
        """Fail the call."""
        if self.ended(error):
            self.let_go()
            self.message = None
            self.send_error(as_rpc_error(error))

    def cancelled(self) -> None:
        """Say that the call ended because it was cancelled."""
        self.message = None
        self.end_cancelled()

    def set_pipeline(self, content: AnyPointer) -> None:
        """Let pipelined calls go to the capabilities in `content`."""
        self.redirect_pipeline(immediate_answer(content))

    def redirect_pipeline(self, answer: Answer) -> None:
        """Let pipelined calls go to the capabilities of another answer."""
        self.source = answer
        if self.early is not None:
            self.early.set_source(answer)

    def tail_call(self, request: Request) -> None:
        """Answer with whatever the call of `request` answers; inside one connection the peer keeps the results."""
        if not tailcall.hand_over(self, request):
            super().tail_call(request)

    # --- the Return --------------------------------------------------------------------------------------------------------------

    def send_results(self) -> None:
        """Send the Return with the results."""
        connection = self.connection
        message = self.message
        if message is None:
            message = encode.return_(0)
        self.message = None
        capabilities = message.capabilities
        frozen: list[Capability] | None = None
        exports: list[int] | None = None
        if capabilities:
            try:
                exports = []
                frozen = self.describe_results(message, exports)
            except CapletError as error:
                descriptor.take_back(connection, exports)
                self.send_error(as_rpc_error(error))
                return
        message.write_return(self.id, frozen is None)
        refusal = connection.refusal(message)
        if refusal is not None:
            descriptor.take_back(connection, exports)
            self.send_error(refusal)
            return
        if self.early is not None:
            # Calls that wait for the results go first; whatever the peer concludes from the Return comes after them.
            self.early.complete(message.content().as_reader())
        connection.send(message)
        connection.call_answered(self)
        if frozen is None:
            self.advance(RETURNED_FOR_GOOD)
        else:
            self.content = message.content().as_reader()
            self.capabilities = capabilities
            self.frozen = frozen
            self.exports = exports
            self.keep(message)
            self.advance(RETURNED)

    def describe_results(self, message: OutgoingMessage, exports: list[int]) -> list[Capability] | None:
        """Write the capability table of the results.

        Returns:
            What was said about each capability; None when there is none, and the table is left out.
        """
        capabilities = message.capabilities
        if capabilities.count(None) == len(capabilities):
            return None
        listed = message.init_capability_table(len(capabilities))
        frozen: list[Capability] = []
        for index in range(len(capabilities)):
            capability = capabilities[index]
            if capability is None:
                frozen.append(NULL)
            else:
                checked = descriptor.checked(capability)
                frozen.append(descriptor.describe(self.connection, checked, listed.struct(index), message, exports))
        return frozen

    def send_error(self, error: RpcError) -> None:
        """Send the Return with an error, unless another Return went first."""
        self.return_error = error
        state = self.state
        if state in (RUNNING, CANCELLED):
            connection = self.connection
            if self.redirected:
                if state == CANCELLED:
                    connection.send(encode.return_without_results(self.id, decode.RESULTS_SENT_ELSEWHERE))
            elif self.id < FIRST_SILENT_ID:
                connection.send(encode.return_error(self.id, error, connection.trace_of(error)))
            connection.call_answered(self)
        if self.early is not None:
            self.early.fail(error)
        elif self.redirected:
            self.early = AnswerState(self.turns)
            self.early.fail(error)
        if state == CANCELLED or (state == RUNNING and not self.redirected):
            self.advance(RETURNED)

    def end_cancelled(self) -> None:
        """Send the Return that ends a cancelled call, unless another Return went first."""
        if self.state == RUNNING or self.state == CANCELLED:
            kind = decode.RESULTS_SENT_ELSEWHERE if self.redirected else decode.CANCELED
            if self.id < FIRST_SILENT_ID:
                self.connection.send(encode.return_without_results(self.id, kind))
            self.connection.call_answered(self)
            self.drop_results()
            self.advance(RETURNED)
        else:
            self.drop_results()

    def drop_results(self) -> None:
        """Forget results that nobody wants."""
        self.message = None
        if self.early is not None:
            self.early.fail(Failed("the call was cancelled"))

    def keep_results(self) -> None:
        """Keep the results here: for another question, or because only the pipeline was asked for."""
        message = self.message
        self.message = None
        if message is not None:
            self.keep(message)
        content = AnyPointer() if message is None else message.payload.pointer(0).as_reader()
        if self.early is None:
            self.early = AnswerState(self.turns)
        self.early.complete(content)
        if not self.redirected:
            self.connection.call_answered(self)
            self.advance(RETURNED)

    def keep(self, message: OutgoingMessage) -> None:
        """Count results that stay here until the peer sends Finish."""
        words = message.count_words()
        if words > SMALL_WORDS and self.state != GONE:
            self.kept_words = words
            self.connection.flow.kept_words += words

    # --- pipelining --------------------------------------------------------------------------------------------------------------

    def pipeline(self, path: Path) -> Capability:
        """Return what calls pipelined on `path` of the results go to."""
        if self.tail is not None:
            return tailcall.pipeline(self, path)
        if self.frozen is not None:
            return self.returned_capability(path)
        if self.return_error is not None:
            return BrokenCapability(self.return_error)
        if self.hints & NO_PROMISE_PIPELINING:
            return BrokenCapability(Failed("this call was made with the promise not to pipeline on it"))
        if self.early is None:
            if self.stage == DONE:
                return BrokenCapability(Failed("the results hold no capabilities"))
            self.early = AnswerState(self.turns)
            if self.source is not None:
                self.early.set_source(self.source)
        return self.early.pipeline(path)

    def returned_capability(self, path: Path) -> Capability:
        """Return what the Return said about `path`, and nothing nearer."""
        assert self.content is not None
        pointer = self.content
        try:
            for index in path:
                pointer = pointer.struct().pointer(index)
            number = pointer.capability_index()
        except DecodeError as error:
            return BrokenCapability(Failed(f"no capability at pointer path {list(path)}: {error}"))
        if number is None:
            return NULL
        said = self.connection.frozen(self, number)
        if self.source is None:
            return said
        return self.gated(path, said, number)

    def gated(self, path: Path, said: Capability, number: int) -> Capability:
        """Return the way behind calls that wait in a pipeline that the method set; it must end at what the Return said."""
        assert self.source is not None
        assert self.capabilities is not None
        if self.gates is None:
            self.gates = {}
        gate = self.gates.get(path)
        if gate is not None:
            return gate
        returned = self.capabilities[number]
        if returned is None:
            return said
        assert isinstance(returned, Capability)
        ahead = self.source.pipeline(path)
        if ahead.current() is returned.current():
            return said
        promise = PromiseCapability(self.turns)
        self.gates[path] = promise

        ahead.when_resolved(Gate(promise, returned, said).open)
        return promise


class Gate:
    """A promise that becomes what a Return said once the pipeline that the method set has come to the same object.

    Args:
        promise: the promise.
        returned: the object in the results.
        said: what the Return said about it.
    """

    __slots__ = ("promise", "returned", "said")

    def __init__(self, promise: PromiseCapability, returned: Capability, said: Capability) -> None:
        self.promise = promise
        self.returned = returned
        self.said = said

    def open(self, capability: Capability) -> None:
        """Let calls through, or break the promise."""
        if capability is self.returned.current():
            self.promise.resolve(self.said)
        else:
            self.promise.reject(Failed("set_pipeline named another object than the results do"))
