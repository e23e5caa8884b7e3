"""How much may be under way: unanswered calls of the peer, and streaming calls of ours.

Knows the sums and what is done at their limits. Incoming: when the calls that wait for an answer take more words than the limit allows,
the driver is asked to stop reading; but while calls of ours are open at that peer, reading goes on, because what they wait for may have to
come in, and new calls are answered as overloaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from caplet.cap.answer import Answer, AnswerState, failed_answer, immediate_answer
from caplet.rpc import outbound
from caplet.rpc.window import FixedWindow, VariableWindow
from caplet.wire.untyped import AnyPointer

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError
    from caplet.rpc.connection import Connection
    from caplet.rpc.remote import RemoteCapability
    from caplet.rpc.window import Window

__all__ = ["Flow", "Stream"]

# The outcome of every streaming call behind which there is room for the next one.
ROOM = immediate_answer(AnyPointer()).state


class Driver(Protocol):
    """What carries the messages of a connection."""

    def window_bytes(self) -> int:
        """Return how many bytes of one stream of calls may be unanswered."""
        ...

    def send_output(self) -> None:
        """Write what waits in the outbox."""
        ...


class Flow:
    """The sums of one connection, which owns them and is named at each call: the two do not keep each other."""

    __slots__ = ("driver", "kept_words", "make_window", "streams", "words")

    def __init__(self) -> None:
        self.words = 0
        # Results that are kept until the peer sends Finish, because calls may be pipelined on them.
        self.kept_words = 0
        # None for a connection that is in memory only.
        self.driver: Driver | None = None
        # Makes the windows of streams, where the program has said which; None for those of the driver.
        self.make_window: Callable[[], Window] | None = None
        # Streams with calls under way.
        self.streams: dict[int, Stream] = {}

    # --- incoming ----------------------------------------------------------------------------------------------------------------

    def admit_call(self, connection: Connection, words: int) -> str:
        """Count a call of the peer.

        Returns:
            Why it has to be answered as overloaded, and then it does not count; else nothing.
        """
        limit = connection.max_call_words
        if self.kept_words > limit:
            # Not a reason to stop reading: the Finishes would not be read either.
            return f"results of {self.kept_words} words wait for a Finish"
        if self.words and self.words + words > limit and connection.questions.count:
            return f"calls of {limit} words wait for an answer"
        self.words += words
        if self.words > limit and not connection.questions.count:
            connection.reading_paused = True
        return ""

    def call_answered(self, connection: Connection, words: int) -> None:
        """A call of the peer was answered; reading may go on."""
        if connection.error is None:
            self.words -= words
            if connection.reading_paused:
                self.check_paused(connection)

    def check_paused(self, connection: Connection) -> None:
        """Let reading go on when the calls that wait are few enough, or when calls of ours wait for the peer."""
        if connection.reading_paused and (self.words <= connection.max_call_words or connection.questions.count):
            connection.reading_paused = False
            if connection.on_resume is not None:
                connection.on_resume()

    # --- streaming ---------------------------------------------------------------------------------------------------------------

    def send_streaming(self, raw: RemoteCapability, request: Request) -> Answer:
        """Send a streaming call at once; the returned answer says when to send the next."""
        stream = raw.stream
        if stream is None:
            stream = raw.stream = Stream(self, raw.link.turns, self.new_window())
        return stream.send(raw, request)

    def new_window(self) -> Window:
        """Return the window of a new stream."""
        if self.make_window is not None:
            return self.make_window()
        return FixedWindow() if self.driver is None else VariableWindow(self.driver.window_bytes)

    def disconnected(self, reason: RpcError) -> None:
        """Fail every stream that did not fail with its calls, and count nothing any more."""
        self.words = 0
        self.kept_words = 0
        streams = list(self.streams.values())
        self.streams = {}
        for stream in streams:
            stream.fail(reason)


class Stream:
    """The streaming calls to one object that are under way.

    Args:
        flow: the connection's sums.
        turns: the turn queue of the vat.
        window: how many bytes may be under way.
    """

    __slots__ = ("acked", "blocked", "error", "flow", "in_flight", "turns", "window")

    def __init__(self, flow: Flow, turns: Turns, window: Window) -> None:
        self.flow = flow
        self.turns = turns
        self.window = window
        self.error: RpcError | None = None
        # How many calls were sent and not answered, and senders that wait for room.
        self.in_flight = 0
        self.blocked: list[AnswerState] = []
        self.acked: list[AnswerState] = []

    def send(self, raw: RemoteCapability, request: Request) -> Answer:
        """Send a call to `raw`; the answer is done when the next one may be sent."""
        if self.error is not None:
            return failed_answer(self.error)
        connection = raw.link
        sent_words = connection.sent_words
        answer = outbound.send_call(connection, raw, request)
        if answer.state.error is not None:
            return failed_answer(answer.state.error)
        size = (connection.sent_words - sent_words) << 3
        window = self.window
        window.sent(self.turns.host.now_s(), size)
        if self.in_flight == 0:
            self.flow.streams[id(self)] = self
        self.in_flight += 1
        # The question keeps the call, and that the answer.
        answer.on_done(StreamedCall(self, raw, answer, size).answered)
        if window.has_room():
            return Answer(ROOM)
        state = AnswerState(self.turns)
        self.blocked.append(state)
        return Answer(state)

    def answered(self, size: int, error: RpcError | None) -> None:
        """A call of `size` bytes was answered: there may be room, or the stream has failed."""
        self.in_flight -= 1
        window = self.window
        window.acked(self.turns.host.now_s(), size)
        if error is not None:
            self.fail(error)
        elif self.blocked and window.has_room():
            blocked = self.blocked
            self.blocked = []
            for state in blocked:
                state.complete(AnyPointer())
        if not self.in_flight:
            self.flow.streams.pop(id(self), None)
            acked = self.acked
            self.acked = []
            for state in acked:
                if self.error is not None:
                    state.fail(self.error)
                else:
                    state.complete(AnyPointer())

    def wait_all_acked(self) -> Answer:
        """Return an answer that is done when every call of the stream was answered."""
        if self.error is not None:
            return failed_answer(self.error)
        if not self.in_flight:
            return immediate_answer(AnyPointer())
        state = AnswerState(self.turns)
        self.acked.append(state)
        return Answer(state)

    def fail(self, error: RpcError) -> None:
        """Fail everybody who waits, and every later call."""
        if self.error is None:
            self.error = error
        blocked = self.blocked
        self.blocked = []
        for state in blocked:
            state.fail(self.error)


class StreamedCall:
    """One streaming call under way; it keeps the object, so that dropping the capability does not cancel it."""

    __slots__ = ("answer", "raw", "size", "stream")

    def __init__(self, stream: Stream, raw: RemoteCapability, answer: Answer, size: int) -> None:
        self.stream = stream
        self.raw = raw
        self.answer = answer
        self.size = size

    def answered(self, state: AnswerState) -> None:
        """The Return came."""
        self.stream.answered(self.size, state.error)
