"""What a reference to an object can do, whatever stands behind it.

Knows the operations that every kind of capability shares, and the two kinds that need no vat: null and broken. Promises, local objects
and remote objects are in files of their own.

Two questions about a reference are easy to confuse. `current()` asks what it has become so far: promises that have resolved are followed.
`is_promise` asks whether what it has become may still become something else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from caplet.errors import Failed

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.cap.answer import Answer
    from caplet.cap.call import IncomingCall
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError

__all__ = ["NULL", "BrokenCapability", "Capability", "Marker", "NullCapability", "Watch"]


class Watch(Protocol):
    """Something that wants to know when a promise resolves."""

    def resolved(self, capability: Capability) -> None:
        """The promise became `capability`, which may be a promise itself."""


class Marker(Protocol):
    """Something that takes the way that calls take, behind the calls made before it; it must end at a remote object or at an error."""

    def arrived(self, capability: Capability) -> None:
        """The marker reached `capability`, which is no promise that waits."""


class Capability:
    """A reference to an object that can be called."""

    __slots__ = ("__weakref__",)

    # --- what it is --------------------------------------------------------------------------------------------------------------

    @property
    def turns(self) -> Turns | None:
        """The turn queue of the vat that it belongs to; None for null and broken references."""
        return None

    @property
    def connection(self) -> object | None:
        """The connection that its object lies behind, None when it lies behind none (its brand)."""
        return None

    @property
    def error(self) -> RpcError | None:
        """Why every call on it fails, None when calls may succeed."""
        return None

    @property
    def is_null(self) -> bool:
        """Whether it stands for a null pointer."""
        return False

    def resolution(self) -> Capability | None:
        """Return what it was replaced by, one step; None when it stands for itself."""
        return None

    def current(self) -> Capability:
        """Return what it has become so far, all steps."""
        capability = self
        while True:
            following = capability.resolution()
            if following is None:
                return capability
            capability = following

    @property
    def is_promise(self) -> bool:
        """Whether it may become something else than it is now."""
        capability = self.current()
        return capability.is_promise if capability is not self else False

    @property
    def fd(self) -> int | None:
        """The file descriptor that stands for the object on this machine; None when there is none, or not yet."""
        return None

    def bind(self, turns: Turns) -> None:
        """Let an object that belongs to no vat yet belong to the one of `turns`; nothing for everything else."""

    # --- waiting -----------------------------------------------------------------------------------------------------------------

    def add_watch(self, watch: Watch) -> None:
        """Tell `watch` when this promise resolves, one step; only for promises that have not resolved.

        Raises:
            TypeError: it is no such promise.
        """
        raise TypeError(f"{type(self).__name__} is not an unresolved promise")

    def remove_watch(self, watch: Watch) -> None:
        """Forget a watch that was added."""

    def when_resolved(self, callback: Callable[[Capability], None]) -> SettledWatch:
        """Call back with the final capability, at once when this is no promise.

        Returns:
            A watch whose `cancel()` forgets the callback.
        """
        watch = SettledWatch(callback)
        watch.resolved(self)
        return watch

    def when_broken(self, callback: Callable[[RpcError], None]) -> BrokenWatch:
        """Call back with the reason when calls can no longer succeed, at once when that is so already.

        Returns:
            A watch whose `cancel()` forgets the callback.
        """
        watch = BrokenWatch(callback)
        watch.resolved(self)
        return watch

    def add_break_watch(self, watch: BrokenWatch) -> None:
        """Tell `watch` when this settled capability breaks; local objects never do."""

    # --- calls -------------------------------------------------------------------------------------------------------------------

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request for a call of this object.

        Args:
            interface_id: the 64-bit id of the interface that declares the method.
            method_id: the method's ordinal.
            size_hint_words: how large the params will be; 0 when unknown.
        """
        raise NotImplementedError

    def send_request(self, request: Request) -> Answer:
        """Send a request whose target is this capability, which has not been replaced by another."""
        raise NotImplementedError

    def deliver(self, call: IncomingCall) -> None:
        """Take a call on its way to the object; never starts a method."""
        raise NotImplementedError

    def start(self, call: IncomingCall) -> None:
        """Start a call whose turn has come; asked of what puts calls into the turn queue only."""
        raise NotImplementedError

    def withdraw(self, call: IncomingCall) -> None:
        """A call that waits here was cancelled; where it is skipped by itself there is nothing to do."""

    def deliver_marker(self, marker: Marker) -> None:
        """Take a marker on its way; it arrives at once unless calls wait here."""
        following = self.resolution()
        if following is None:
            marker.arrived(self)
        else:
            following.deliver_marker(marker)

    def describe(self) -> str:
        """Return what it is, in a few words, for people (the chain of wrappers included)."""
        return type(self).__name__


class SettledWatch:
    """Follows a promise to its end and calls back once."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[Capability], None]) -> None:
        self.callback: Callable[[Capability], None] | None = callback

    def resolved(self, capability: Capability) -> None:
        """Go on to the next promise, or call back."""
        callback = self.callback
        if callback is None:
            return
        capability = capability.current()
        if capability.is_promise:
            capability.add_watch(self)
        else:
            self.callback = None
            callback(capability)

    def cancel(self) -> None:
        """Forget the callback."""
        self.callback = None


class BrokenWatch:
    """Follows a promise to its end, and then a remote object to the end of its connection; calls back once, if it breaks."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[RpcError], None]) -> None:
        self.callback: Callable[[RpcError], None] | None = callback

    def resolved(self, capability: Capability) -> None:
        """Go on to the next promise, or wait for the end of the connection."""
        if self.callback is None:
            return
        capability = capability.current()
        if capability.is_promise:
            capability.add_watch(self)
            return
        error = capability.error
        if error is not None:
            self.broken(error)
        else:
            capability.add_break_watch(self)

    def broken(self, error: RpcError) -> None:
        """Call back."""
        callback = self.callback
        self.callback = None
        if callback is not None:
            callback(error)

    def cancel(self) -> None:
        """Forget the callback."""
        self.callback = None


class BrokenCapability(Capability):
    """A reference whose calls all fail.

    Args:
        error: what they fail with.
    """

    __slots__ = ("reason",)

    def __init__(self, error: RpcError) -> None:
        self.reason = error

    @property
    def error(self) -> RpcError | None:
        """What calls fail with."""
        return self.reason

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request that will fail."""
        from caplet.cap.request import Request

        return Request(self, interface_id, method_id, size_hint_words)

    def send_request(self, request: Request) -> Answer:
        """Return an answer that has failed."""
        from caplet.cap.answer import failed_answer

        return failed_answer(self.reason)

    def deliver(self, call: IncomingCall) -> None:
        """Fail the call in its turn, so that a chain of calls that fail one after the other does not nest."""
        call.target = self
        call.turns.deliver(call)

    def start(self, call: IncomingCall) -> None:
        """Fail the call, whose turn has come."""
        call.fail(self.reason)

    def describe(self) -> str:
        """Return the reason."""
        return f"broken: {self.reason}"


class NullCapability(BrokenCapability):
    """What a null capability pointer reads as."""

    __slots__ = ()

    @property
    def is_null(self) -> bool:
        """True."""
        return True

    def describe(self) -> str:
        """Return its name."""
        return "null"


NULL = NullCapability(Failed("called a null capability"))
