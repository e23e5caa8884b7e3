"""What promises of the peer become, and when that needs an embargo.

Knows the rule. A promise through which something was sent, and which turns out to lead to this vat, is not followed at once: calls made
earlier are still on their way through the peer. A Disembargo is sent after them the same long way, and calls wait until it comes back.
The rule applies again when what the embargo ends at has meanwhile become something nearer (recursive embargo).

Null and broken capabilities need none, and neither does whatever stays behind the same connection, because the peer keeps that in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from caplet.cap.capability import BrokenCapability
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed, Overloaded
from caplet.rpc import decode, encode
from caplet.rpc.embargo import Embargo
from caplet.rpc.import_ import State as ImportState
from caplet.rpc.remote import (
    ImportedCapability,
    PipelinedCapability,
    Reflected,
    RemoteCapability,
    RemotePromise,
)

if TYPE_CHECKING:
    from caplet.cap.capability import Capability
    from caplet.rpc.connection import Connection
    from caplet.rpc.import_ import Import
    from caplet.rpc.question import Slot

__all__ = [
    "promise_for_import",
    "promise_for_raw",
    "promise_for_slot",
    "raw_for_import",
    "raw_for_slot",
    "refreshed",
    "settle",
    "start_embargo",
]


def settle(connection: Connection, raw: RemoteCapability, called: bool, capability: Capability) -> Capability:
    """Return what a promise of the peer becomes.

    Args:
        connection: the connection of the peer.
        raw: what the promise was addressed by.
        called: whether anything was sent through it.
        capability: what the peer said that it is.

    Returns:
        `capability`, or a promise that becomes it when the embargo is lifted.
    """
    target = capability.current()
    if isinstance(target, RemotePromise) and target.raw is raw:
        return BrokenCapability(Failed("a promise was resolved to itself"))
    if not called or connection.error is not None:
        return capability
    if target.error is not None:
        return capability
    if not isinstance(capability, Reflected) and target.connection is connection:
        if isinstance(target, RemotePromise) and target.raw is not None:
            # What was sent through the one may later have to be waited for through the other.
            target.raw.mark_called()
        return capability
    return connection.start_embargo(raw, capability)


def start_embargo(connection: Connection, raw: RemoteCapability, capability: Capability) -> Capability:
    """Send a Disembargo after the calls that went through `raw`; return the promise that waits for it."""
    if len(connection.embargoes) >= connection.limits.embargoes:
        return BrokenCapability(
            Overloaded(f"{connection.limits.embargoes} embargoes wait for the peer; the limit is reached")
        )
    promise = PromiseCapability(connection.turns)
    embargo = Embargo(connection, promise, capability)
    embargo.id = connection.embargoes.add(embargo)
    message = encode.disembargo(decode.SENDER_LOOPBACK, embargo.id)
    raw.write_target(message.init_target())
    connection.send(message)
    return promise


def refreshed(connection: Connection, capability: Capability) -> Capability:
    """Return what an embargo ends at: for something that the peer named back to us, what the peer's own calls reach by now."""
    if not isinstance(capability, Reflected):
        return capability
    target = capability.holder.current()
    if isinstance(target, RemoteCapability) and target.link is connection:
        return promise_for_raw(connection, target)
    return target


def promise_for_raw(connection: Connection, raw: RemoteCapability) -> Capability:
    """Return the way to what `raw` addresses that may become shorter: a promise, or what it became, under embargo if need be."""
    if isinstance(raw, ImportedCapability):
        row = raw.row
        if row.state == ImportState.PROMISE:
            return promise_for_import(connection, row)
        if row.state == ImportState.RESOLVED and row.resolution is not None:
            return settle(connection, raw, row.called, row.resolution)
        return raw
    assert isinstance(raw, PipelinedCapability)
    slot = raw.slot
    if slot.question.is_tail:
        # The results stay at the peer: nobody will say here what they are, so this is all that there is to it.
        return raw
    if slot.question.done or slot.question.source is not None:
        return settle(connection, raw, slot.called, slot.question.pipeline(slot.path))
    return promise_for_slot(connection, slot)


def raw_for_import(connection: Connection, row: Import) -> ImportedCapability:
    """Return the capability that addresses an import; the same one as long as it lives."""
    raw = None if row.raw is None else row.raw()
    if raw is None:
        raw = ImportedCapability(connection, row)
        row.raw = ref(raw)
    return raw


def promise_for_import(connection: Connection, row: Import) -> RemotePromise:
    """Return the promise that an import is; the same one as long as it lives and has not resolved."""
    promise = live(row.promise)
    if promise is None:
        promise = RemotePromise(raw_for_import(connection, row))
        row.promise = ref(promise)
    return promise


def live(reference: ref[RemotePromise] | None) -> RemotePromise | None:
    """Return the promise that a weak reference leads to, unless it is gone or has resolved."""
    promise = None if reference is None else reference()
    return None if promise is None or promise.raw is None else promise


def raw_for_slot(connection: Connection, slot: Slot) -> PipelinedCapability:
    """Return the capability that addresses a path of an answer; the same one as long as it lives."""
    raw = None if slot.raw is None else slot.raw()
    if raw is None:
        raw = PipelinedCapability.__new__(PipelinedCapability)
        raw.open(connection, slot)
        slot.raw = ref(raw)
        slot.question.slot_uses += 1
    return raw


def promise_for_slot(connection: Connection, slot: Slot) -> RemotePromise:
    """Return the promise for a path of an answer; the same one as long as it lives and has not resolved."""
    promise = live(slot.promise)
    if promise is None:
        promise = RemotePromise.__new__(RemotePromise)
        promise.open(raw_for_slot(connection, slot))
        slot.promise = ref(promise)
    return promise
