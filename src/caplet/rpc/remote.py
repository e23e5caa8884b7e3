"""References to objects of the peer, and what our own exports look like from the peer's side.

Knows how each kind is addressed on the wire and how calls reach it. Does not know when promises resolve (`resolution.py`) or how messages
are put together (`outbound.py`).

The two that address something on the wire, `ImportedCapability` and `PipelinedCapability`, always send to exactly what they name. They are
what is frozen when we tell the peer where something leads. `RemotePromise` stands in front of one of them and leaves it when the promise
resolves; that is what programs hold. Elsewhere, what addresses something is called its `raw` capability, and what stands in front of it the promise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.capability import BrokenWatch, Capability, Marker
from caplet.cap.hints import NO_PROMISE_PIPELINING, ONLY_PROMISE_PIPELINE
from caplet.cap.promise import Promise
from caplet.errors import CapletError
from caplet.rpc import encode
from caplet.rpc.question import State

if TYPE_CHECKING:
    from caplet.cap.answer import Answer, Path
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Watch
    from caplet.cap.request import Request
    from caplet.cap.turns import Turns
    from caplet.errors import RpcError
    from caplet.rpc.answer import AnswerRow
    from caplet.rpc.connection import Connection
    from caplet.rpc.export import Export
    from caplet.rpc.flow import Stream
    from caplet.rpc.import_ import Import
    from caplet.rpc.question import Slot
    from caplet.wire.untyped_builder import AnyStructBuilder

__all__ = [
    "AnswerPath",
    "Exported",
    "ImportedCapability",
    "PipelinedCapability",
    "Reflected",
    "RemoteCapability",
    "RemotePromise",
]


GONE = int(State.GONE)


class RemoteCapability(Capability):
    """Something that lies behind a connection and is addressed on the wire.

    Args:
        connection: the connection.
    """

    __slots__ = ("link", "stream")

    link: Connection
    # The streaming calls to it that are under way, or the error that ended them.
    stream: Stream | None

    def __init__(self, connection: Connection) -> None:
        self.lie_behind(connection)

    def lie_behind(self, connection: Connection) -> None:
        """Begin; the arguments are those of the class."""
        self.link = connection
        self.stream = None

    @property
    def turns(self) -> Turns | None:
        """The turn queue of the vat."""
        return self.link.turns

    @property
    def connection(self) -> object | None:
        """The connection."""
        return self.link

    @property
    def error(self) -> RpcError | None:
        """Why the connection ended, if it has."""
        return self.link.error

    def add_break_watch(self, watch: BrokenWatch) -> None:
        """Tell `watch` when the connection ends."""
        self.link.add_break_watch(watch)

    def write_target(self, target: AnyStructBuilder) -> None:
        """Fill a MessageTarget."""
        raise NotImplementedError

    def write_descriptor(self, descriptor: AnyStructBuilder) -> None:
        """Fill a CapDescriptor."""
        raise NotImplementedError

    def mark_called(self) -> None:
        """Note that something was sent through it."""
        raise NotImplementedError

    def addressable(self) -> bool:
        """Tell whether the peer still knows it by this address."""
        return True

    def keeper(self) -> Capability | None:
        """Return what a call must hold so that the peer does not forget what it was made on before it gets there."""
        return None

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request whose params lie in an outgoing Call."""
        return self.link.new_request(self, interface_id, method_id, size_hint_words)

    def send_request(self, request: Request) -> Answer:
        """Send it."""
        return self.link.send_request(self, request)

    def deliver(self, call: IncomingCall) -> None:
        """Hand the call on to the peer."""
        # The question of the call keeps what it is made on, as long as the peer needs that; the call itself has left this vat.
        call.target = None
        request = self.new_request(call.interface_id, call.method_id)
        try:
            request.params.set(call.params)
            call.release_params()
            request.hints = call.hints & (NO_PROMISE_PIPELINING | ONLY_PROMISE_PIPELINE)
            call.tail_call(request)
        except CapletError as error:
            call.fail(error)


class ImportedCapability(RemoteCapability):
    """The object that the peer exports under one id.

    Args:
        connection: the connection.
        row: the import.
    """

    __slots__ = ("row", "use")

    def __init__(self, connection: Connection, row: Import) -> None:
        self.lie_behind(connection)
        self.row = row
        self.use = connection.turns.use_of(row)

    @property
    def fd(self) -> int | None:
        """The descriptor that came with it, owned by the import: it is closed when the import is released."""
        return self.row.fd

    def write_target(self, target: AnyStructBuilder) -> None:
        """Fill a MessageTarget."""
        encode.write_imported_cap(target, self.row.id)

    def write_descriptor(self, descriptor: AnyStructBuilder) -> None:
        """Fill a CapDescriptor."""
        encode.write_receiver_hosted(descriptor, self.row.id)

    def mark_called(self) -> None:
        """Note that something was sent to it."""
        self.row.called = True

    def describe(self) -> str:
        """Return its id."""
        return f"import {self.row.id} of {self.link.name}"


class PipelinedCapability(RemoteCapability):
    """What one path of the results of one question leads to; `resolution.raw_for_slot` makes it."""

    __slots__ = ("slot", "use")

    def open(self, connection: Connection, slot: Slot) -> None:
        """Begin.

        Args:
            connection: the connection.
            slot: the path and the question.
        """
        self.lie_behind(connection)
        self.slot = slot
        self.use = connection.turns.use_of(slot)

    def write_target(self, target: AnyStructBuilder) -> None:
        """Fill a MessageTarget."""
        encode.write_answer_target(target, self.slot.question.id, self.slot.path)

    def write_descriptor(self, descriptor: AnyStructBuilder) -> None:
        """Fill a CapDescriptor."""
        encode.write_receiver_answer(descriptor, self.slot.question.id, self.slot.path)

    def mark_called(self) -> None:
        """Note that something was sent to it."""
        self.slot.called = True

    def addressable(self) -> bool:
        """Tell whether the peer still has the answer."""
        return self.slot.question.state != GONE

    def keeper(self) -> Capability | None:
        """Return the promise for it while the question is not answered."""
        question = self.slot.question
        over = question.content is not None or question.error is not None
        if over or question.is_tail or question.source is not None:
            return None
        return self.link.promise_for_slot(self.slot)

    def describe(self) -> str:
        """Return question and path."""
        return f"answer {self.slot.question.id}{list(self.slot.path)} of {self.link.name}"


class RemotePromise(Promise):
    """A promise of the peer: calls go ahead to where it will be resolved, until we hear what it became.

    Args:
        raw: what it is addressed by until then.
    """

    __slots__ = ("raw",)

    def __init__(self, raw: RemoteCapability) -> None:
        self.open(raw)

    def open(self, raw: RemoteCapability) -> None:
        """Begin; the arguments are those of the class."""
        self._turns = raw.link.turns
        self._resolution = None
        self.behind = None
        self.raw: RemoteCapability | None = raw
        self.watches = []

    @property
    def connection(self) -> object | None:
        """The connection that it, or what it became, lies behind."""
        if self._resolution is not None:
            return self._resolution.current().connection
        return self.raw.link if self.raw is not None else None

    @property
    def error(self) -> RpcError | None:
        """Why calls fail, if they do."""
        if self._resolution is not None:
            return self._resolution.current().error
        return self.raw.error if self.raw is not None else None

    def add_watch(self, watch: Watch) -> None:
        """Tell `watch` when it resolves."""
        self.watches.append(watch)

    def become(self, capability: Capability) -> None:
        """Resolve, once: watches are told; no calls wait here."""
        if self._resolution is not None:
            return
        target = capability.current()
        self.point_at(target)
        if self.raw is not None and self.raw.stream is not None:
            hand_over_stream(self.raw, target)
        self.raw = None
        watches = self.watches
        self.watches = []
        for watch in watches:
            watch.resolved(capability)

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request; what the promise is when it is sent decides where it goes."""
        if self.raw is not None:
            return self.raw.link.new_request(self, interface_id, method_id, size_hint_words)
        return self.current().new_request(interface_id, method_id, size_hint_words)

    def send_request(self, request: Request) -> Answer:
        """Send it ahead."""
        assert self.raw is not None
        return self.raw.send_request(request)

    def deliver(self, call: IncomingCall) -> None:
        """Hand the call on; only before it has become anything."""
        assert self.raw is not None
        self.raw.deliver(call)

    def deliver_marker(self, marker: Marker) -> None:
        """Let the marker arrive where calls would be sent."""
        if self.raw is not None:
            self.raw.deliver_marker(marker)
        else:
            self.current().deliver_marker(marker)

    def describe(self) -> str:
        """Return its state."""
        return f"promise, {self.raw.describe()}" if self.raw is not None else self.current().describe()


class Exported(Capability):
    """Whatever calls to an export of ours reach: strictly what we told the peer, even after the export is released.

    Args:
        export: the export.
    """

    __slots__ = ("export",)

    def __init__(self, export: Export) -> None:
        self.export = export

    def resolution(self) -> Capability | None:
        """Return the target of the export."""
        return self.export.target


class AnswerPath(Capability):
    """Whatever calls to one path of an answer of ours reach: strictly what we told the peer.

    Args:
        row: the answer.
        path: pointer indexes from the root of its results.
    """

    __slots__ = ("path", "row")

    def __init__(self, row: AnswerRow, path: Path) -> None:
        self.row = row
        self.path = path

    def resolution(self) -> Capability | None:
        """Return what calls reach by now."""
        return self.row.pipeline(self.path)


class Reflected(Capability):
    """Something of ours that the peer named back to us.

    A promise of the peer that resolves to it needs an embargo, even when it leads to the peer again. When that embargo is lifted, calls
    must go on from where the peer's calls go (`holder`), not from what we know to be nearer.

    Args:
        holder: what calls of the peer to it reach.
        inner: the nearest that we know; calls of programs that hold this go there.
    """

    __slots__ = ("holder", "inner")

    def __init__(self, holder: Capability, inner: Capability) -> None:
        self.holder = holder
        self.inner = inner

    def resolution(self) -> Capability | None:
        """Return the nearest that we know."""
        return self.inner

    def new_request(self, interface_id: int, method_id: int, size_hint_words: int = 0) -> Request:
        """Return a request to the nearest that we know."""
        return self.inner.current().new_request(interface_id, method_id, size_hint_words)

    def describe(self) -> str:
        """Return what it is."""
        return f"named back by the peer, {self.inner.describe()}"


def hand_over_stream(raw: RemoteCapability, target: Capability) -> None:
    """Let what a promise became go on with the promise's stream, if it lies behind the same connection and has none of its own."""
    if isinstance(target, RemotePromise) and target.raw is not None:
        target = target.raw
    if isinstance(target, RemoteCapability) and target.link is raw.link and target.stream is None:
        target.stream = raw.stream
