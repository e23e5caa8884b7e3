"""Objects of this vat.

Knows how a call reaches an object of the program (through the turn queue, never at once), and that a streaming call keeps all later ones of
the same object waiting. Does not know what the object is: `Dispatcher` is the whole of what it asks.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Protocol

from caplet.cap.call import DONE, STARTED, WAITING, IncomingCall
from caplet.cap.capability import Capability
from caplet.cap.local_call import LocalCall
from caplet.cap.request import Request
from caplet.errors import Failed, as_rpc_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.answer import Answer
    from caplet.cap.turns import Turns, Use
    from caplet.errors import RpcError

__all__ = ["CANCELLABLE", "ONE_AT_A_TIME", "Dispatcher", "LocalCapability", "current_turns", "set_turns_provider"]

# What a dispatcher says about a method.
CANCELLABLE = 1
ONE_AT_A_TIME = 2


class Dispatcher(Protocol):
    """An object of the program that can be called."""

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return CANCELLABLE | ONE_AT_A_TIME as they apply to the method; 0 for methods it does not have."""
        ...

    def dispatch(self, call: IncomingCall) -> None:
        """Start the method; sooner or later `call` must be finished, failed, or handed on. What this raises fails the call."""
        ...

    def released(self) -> None:
        """No reference to the object is left; called in a turn."""
        ...


_turns_provider: Callable[[], Turns] | None = None


def set_turns_provider(provider: Callable[[], Turns]) -> None:
    """Say where objects that belong to no vat yet find the one to belong to, when they are called in their own process first."""
    global _turns_provider
    _turns_provider = provider


def current_turns() -> Turns:
    """Return the turn queue of the vat that objects of this process join here.

    Raises:
        Failed: there is none.
    """
    if _turns_provider is None:
        raise Failed("this object belongs to no vat, and there is none to take it")
    return _turns_provider()


class LocalCapability(Capability):
    """A reference to an object of this vat; there must be only one of these for one object at a time.

    Args:
        dispatcher: the object.
        turns: the turn queue of its vat; None to belong to the vat that calls it first.
    """

    __slots__ = ("_turns", "after", "busy", "dispatcher", "stream_error", "use", "waiting")

    def __init__(self, dispatcher: Dispatcher, turns: Turns | None = None) -> None:
        self.dispatcher = dispatcher
        self._turns: Turns | None = None
        self.use: Use | None = None
        if turns is not None:
            self.bind(turns)
        self.busy = False
        self.waiting: deque[IncomingCall] | None = None
        self.stream_error: RpcError | None = None
        # What waits for the calls that wait for a stream.
        self.after: list[Callable[[], None]] | None = None

    @property
    def turns(self) -> Turns | None:
        """The turn queue of its vat."""
        return self._turns

    @property
    def fd(self) -> int | None:
        """The descriptor that the object's `fd` attribute names, if it has one."""
        return getattr(self.dispatcher, "fd", None)

    def bind(self, turns: Turns) -> None:
        """Belong to the vat of `turns`, if to none yet."""
        if self._turns is None:
            self._turns = turns
            self.use = turns.use_of(Released(self.dispatcher))

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request for a call within the vat."""
        return Request(self, interface_id, method_id, size_hint_words)

    def send_request(self, request: Request) -> Answer:
        """Make a call of the request; it starts in its turn."""
        turns = self._turns
        if turns is None:
            turns = current_turns()
            self.bind(turns)
        call = LocalCall(turns, request)
        answer = call.answer()
        self.deliver(call)
        return answer

    def deliver(self, call: IncomingCall) -> None:
        """Put the call into the turn queue."""
        turns = self._turns
        if turns is None:
            turns = call.turns
            self.bind(turns)
        call.target = self
        call.stage = WAITING
        if turns is not call.turns:
            call.fail(Failed("the object belongs to another vat; objects do not move between event loops"))
            return
        turns.deliver(call)

    def start(self, call: IncomingCall) -> None:
        """Start a call whose turn has come, or let it wait for the stream."""
        if self.busy or self.waiting:
            if self.waiting is None:
                self.waiting = deque()
            self.waiting.append(call)
            return
        self.begin(call)

    def begin(self, call: IncomingCall) -> None:
        """Start a call."""
        if self.stream_error is not None:
            call.fail(self.stream_error)
            return
        dispatcher = self.dispatcher
        call.stage = STARTED
        try:
            flags = dispatcher.method_flags(call.interface_id, call.method_id)
            call.cancellable = flags & CANCELLABLE != 0
            if flags & ONE_AT_A_TIME:
                self.busy = True
                call.stream = self
            dispatcher.dispatch(call)
        except Exception as error:
            call.fail(error)
            return
        if call.cancel_requested:
            call.cancel()

    def stream_ended(self, error: BaseException | None) -> None:
        """A streaming call is done; an error breaks the object for all that follow."""
        self.busy = False
        if error is not None and self.stream_error is None:
            self.stream_error = as_rpc_error(error)
        if self.waiting:
            assert self._turns is not None
            self._turns.defer(self.go_on)

    def go_on(self) -> None:
        """Start the calls that waited for the stream, up to the next streaming call."""
        waiting = self.waiting
        while waiting and not self.busy:
            call = waiting.popleft()
            if call.stage != DONE:
                self.begin(call)
        after = self.after
        if not waiting and after:
            self.after = None
            for function in after:
                function()

    def after_stream(self, function: Callable[[], None]) -> None:
        """Call `function` when no call waits for a stream any more."""
        if self.after is None:
            self.after = []
        self.after.append(function)

    def describe(self) -> str:
        """Return what its dispatcher says, which may stand for more than itself; else the name of its class."""
        describe: Callable[[], str] | None = getattr(self.dispatcher, "describe", None)
        return f"local {type(self.dispatcher).__name__}" if describe is None else describe()


class Released:
    """What is left to do for an object without references."""

    __slots__ = ("dispatcher",)

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher

    def drop_use(self) -> None:
        """Tell it."""
        self.dispatcher.released()
