"""The one place where capabilities become ids and ids become capabilities.

Knows every kind of CapDescriptor, both ways, and what each of them counts. Does not know which message a table belongs to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.capability import NULL, BrokenCapability, Capability
from caplet.errors import Failed, Overloaded, ProtocolError
from caplet.rpc import decode, encode, resolution
from caplet.rpc.export import Export
from caplet.rpc.export import State as ExportState
from caplet.rpc.import_ import Import
from caplet.rpc.import_ import State as ImportState
from caplet.rpc.remote import AnswerPath, Exported, Reflected, RemoteCapability, RemotePromise

if TYPE_CHECKING:
    from caplet.rpc.connection import Connection
    from caplet.rpc.encode import OutgoingMessage
    from caplet.wire.untyped import AnyStruct
    from caplet.wire.untyped_builder import AnyStructBuilder

IMPORT_PROMISE = int(ImportState.PROMISE)
IMPORT_RESOLVED = int(ImportState.RESOLVED)
EXPORT_HOSTED = int(ExportState.HOSTED)
EXPORT_PROMISE = int(ExportState.PROMISE)
SENDER_HOSTED = decode.SENDER_HOSTED
SENDER_PROMISE = decode.SENDER_PROMISE
NO_FD = decode.NO_FD

__all__ = ["attach_fd", "checked", "describe", "read", "read_table", "take_back", "write_table"]


# --- from capabilities to ids ----------------------------------------------------------------------------------------------------


def write_table(connection: Connection, message: OutgoingMessage) -> list[int]:
    """Describe the capabilities of a Call in its payload's table.

    Returns:
        The ids of the exports whose count went up, once for each time. Ids, because who waits for the answer must not keep objects that the peer
        has released.
    """
    capabilities = message.capabilities
    exports: list[int] = []
    listed = message.init_capability_table(len(capabilities))
    try:
        for index in range(len(capabilities)):
            capability = capabilities[index]
            if capability is not None:
                describe(connection, checked(capability), listed.struct(index), message, exports)
    except BaseException:
        take_back(connection, exports)
        raise
    return exports


def checked(capability: object) -> Capability:
    """Return an entry of a message's capability table.

    Raises:
        Failed: it is no capability.
    """
    if not isinstance(capability, Capability):
        raise Failed(f"{type(capability).__name__} is not a capability")
    return capability


def describe(
    connection: Connection,
    capability: Capability,
    descriptor: AnyStructBuilder,
    message: OutgoingMessage,
    exports: list[int] | None,
) -> Capability:
    """Fill a CapDescriptor, and note the id of the export whose count goes up.

    Returns:
        What calls that the peer sends to the described thing must reach from now on (the freeze rule).
    """
    capability = capability.current()
    export = connection.exported.get(id(capability))
    if export is None:
        if capability.is_null:
            return NULL
        if capability.connection is connection:
            if isinstance(capability, RemotePromise):
                assert capability.raw is not None
                capability = capability.raw
            assert isinstance(capability, RemoteCapability)
            # The peer may call it through us without our knowing: as good as called.
            capability.mark_called()
            capability.write_descriptor(descriptor)
            return capability
        export = new_export(connection, capability)
    export.count += 1
    if exports is not None:
        exports.append(export.id)
    promise = export.state == EXPORT_PROMISE
    encode.write_sender(descriptor, export.id, promise)
    fd = None if promise else capability.fd
    if fd is not None:
        attach_fd(descriptor, message, fd)
    return Exported(export) if promise else capability


def attach_fd(descriptor: AnyStructBuilder, message: OutgoingMessage, fd: int) -> None:
    """Let a file descriptor travel with a capability, as long as its index fits into the message."""
    if message.fds is None:
        message.fds = []
    if len(message.fds) < NO_FD:
        encode.write_attached_fd(descriptor, len(message.fds))
        message.fds.append(fd)


def new_export(connection: Connection, capability: Capability) -> Export:
    """Return a new export of a capability that does not lie behind this connection."""
    if len(connection.exports) >= connection.limits.exports:
        raise Overloaded(f"{connection.limits.exports} objects are exported; the limit is reached")
    capability.bind(connection.turns)
    broken = capability.error is not None
    promise = not broken and capability.is_promise
    export = Export(connection, capability, ExportState.PROMISE if promise or broken else ExportState.HOSTED)
    export.id = connection.exports.add(export)
    if broken:
        # The protocol cannot describe a broken capability: it is a promise, whose Resolve follows the message.
        if connection.unresolved is None:
            connection.unresolved = []
        connection.unresolved.append(export)
    else:
        connection.exported[id(capability)] = export
    if promise:
        capability.add_watch(export)
    return export


def take_back(connection: Connection, exports: list[int] | None) -> None:
    """Take back the counts of a message that was not sent, or that the peer released as a whole."""
    if exports:
        for export_id in exports:
            export: Export | None = connection.exports.get(export_id)
            if export is not None:
                connection.drop_export_count(export, 1)


# --- from ids to capabilities ----------------------------------------------------------------------------------------------------


def read_table(connection: Connection, payload: AnyStruct, fds: list[int] | None) -> list[object]:
    """Return the capabilities that a payload's table describes.

    Raises:
        ProtocolError: a descriptor of an unknown kind, or one that breaks the rules.
    """
    listed = payload.list(decode.CAP_TABLE)
    return [read(connection, listed.struct(index), fds) for index in range(len(listed))]


def read(connection: Connection, descriptor: AnyStruct, fds: list[int] | None) -> Capability | None:
    """Return the capability that one CapDescriptor describes, None for no capability."""
    kind = descriptor.u16(0)
    if kind in (SENDER_HOSTED, SENDER_PROMISE):
        return import_(connection, descriptor.u32(4), kind == SENDER_PROMISE, descriptor.u8(2, NO_FD), fds)
    if kind == decode.CAP_NONE:
        return None
    if kind == decode.RECEIVER_HOSTED:
        return named_export(connection, descriptor.u32(4))
    if kind == decode.RECEIVER_ANSWER:
        promised = descriptor.struct(0)
        path = decode.read_path(promised, connection.limits.pipeline_operations)
        row = connection.answers.get(promised.u32(0))
        if row is None:
            return BrokenCapability(Failed(f"the peer named answer {promised.u32(0)}, which is not there"))
        inner = row.pipeline(path).current()
        if inner.error is not None:
            return inner
        return reflected(connection, AnswerPath(row, path), inner)
    if kind == decode.THIRD_PARTY_HOSTED:
        # Level 1: the vine is an ordinary reference to the same object.
        return import_(connection, descriptor.struct(0).u32(0), False, NO_FD, fds)
    raise ProtocolError(f"a capability descriptor of unknown kind {kind}")


def import_(connection: Connection, import_id: int, promise: bool, fd_index: int, fds: list[int] | None) -> Capability:
    """Count one more reference to an object of the peer and return it."""
    row = connection.imports.get(import_id)
    if row is None:
        if len(connection.imports) >= connection.limits.imports:
            raise ProtocolError(f"the peer gave us {connection.limits.imports} objects; the limit is reached")
        row = Import(connection, import_id)
        connection.imports[import_id] = row
    if promise:
        if row.state == IMPORT_RESOLVED:
            raise ProtocolError(f"a descriptor names promise {import_id}, which was already resolved")
        row.state = IMPORT_PROMISE
    row.count += 1
    if fds is not None and fd_index < len(fds):
        connection.adopt_fd(row, fds, fd_index)
    if row.state == IMPORT_PROMISE:
        return resolution.promise_for_import(connection, row)
    if row.state == IMPORT_RESOLVED:
        return resolution.promise_for_raw(connection, resolution.raw_for_import(connection, row))
    return resolution.raw_for_import(connection, row)


def named_export(connection: Connection, export_id: int) -> Capability:
    """Return the export that the peer named back to us; broken when there is none."""
    export: Export | None = connection.exports.get(export_id)
    if export is None:
        return BrokenCapability(Failed(f"the peer named export {export_id}, which is not there"))
    if export.state == EXPORT_HOSTED:
        return export.target
    return reflected(connection, Exported(export), export.target.current())


def reflected(connection: Connection, holder: Capability, inner: Capability) -> Capability:
    """Return something of ours that the peer named, so that promises resolving to it get their embargo."""
    if isinstance(inner, RemoteCapability) and inner.link is connection:
        return Reflected(holder, resolution.promise_for_raw(connection, inner))
    return Reflected(holder, inner)
