"""How metadata travels beside a call: as the params of another call, which holds it (`caplet/call-metadata.capnp`).

Knows that interface by the places of its fields, and how a call is taken out of the one that carries it. Does not know who sends metadata,
to whom, or what it says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import DecodeError, Failed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caplet.cap.answer import Answer, AnswerState
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.request import Request
    from caplet.wire.untyped import AnyPointer

__all__ = ["ask_for_metadata", "is_about_metadata", "make_carrier", "says_yes", "take_out"]

INTERFACE_ID = 0xE4A5A8642C9CD411
TAKE_METADATA = 0
CALL = 1
VERSION = 1

# Where the fields of the params lie: bytes of the data section, and pointers.
INTERFACE_AT = 0
METHOD_AT = 8
PARAMS_AT = 0
METADATA_AT = 1
CARRIER_WORDS = (2, 2)

# More would be no metadata but a payload.
MOST_ENTRIES = 256


def is_about_metadata(call: IncomingCall) -> bool:
    """Tell whether a call is one of this interface."""
    return call.interface_id == INTERFACE_ID


def ask_for_metadata(capability: Capability) -> Answer:
    """Ask an object whether its calls may carry metadata, and say that ours may."""
    request = capability.new_request(INTERFACE_ID, TAKE_METADATA)
    request.params.init_struct(1, 0).set_u16(0, VERSION)
    return request.send()


def says_yes(state: AnswerState) -> bool:
    """Tell whether an object that was asked takes metadata."""
    try:
        return state.content is not None and state.content.struct().u16(0) >= VERSION
    except DecodeError:
        return False


def make_carrier(
    target: Capability, interface_id: int, method_id: int, params: AnyPointer, metadata: Mapping[str, str]
) -> Request:
    """Return a request for a call that carries another one.

    Args:
        target: the object to call.
        interface_id: the interface of the call that is carried.
        method_id: the ordinal of its method.
        params: its params.
        metadata: what goes with it.
    """
    request = target.new_request(INTERFACE_ID, CALL)
    carrier = request.params.init_struct(*CARRIER_WORDS)
    carrier.set_u64(INTERFACE_AT, interface_id)
    carrier.set_u16(METHOD_AT, method_id)
    carrier.pointer(PARAMS_AT).set(params)
    entries = carrier.init_struct_list(METADATA_AT, len(metadata), 0, 2)
    for place, (key, value) in enumerate(metadata.items()):
        entry = entries.struct(place)
        entry.set_text(0, key)
        entry.set_text(1, value)
    return request


def take_out(call: IncomingCall) -> dict[str, str] | None:
    """Let a call be the one that it carries.

    Returns:
        The metadata; None when it carries none, but was asked for and is answered.

    Raises:
        Failed: it is none of these.
        DecodeError: its params are damaged.
    """
    if call.method_id == TAKE_METADATA:
        call.results().init_struct(1, 0).set_u16(0, VERSION)
        call.finish()
        return None
    if call.method_id != CALL:
        raise Failed(f"the interface of metadata has no method {call.method_id}")
    carrier = call.params.struct()
    entries = carrier.list(METADATA_AT)
    count = entries._length
    if count > MOST_ENTRIES:
        raise Failed(f"a call carries {count} pieces of metadata; {MOST_ENTRIES} are allowed")
    metadata = {entry.text(0): entry.text(1) for entry in map(entries.struct, range(count))}
    call.interface_id = carrier.u64(INTERFACE_AT)
    call.method_id = carrier.u16(METHOD_AT)
    call.params_or_none = carrier.pointer(PARAMS_AT)
    return metadata
