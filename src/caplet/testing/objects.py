"""Objects without schemas, for tests of the core: a service that records its calls and answers when the test says so.

Params and results are structs of one data word (a number) and as many pointers as there are capabilities.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from caplet.cap.local import LocalCapability

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from caplet.cap.answer import Answer
    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.request import Request
    from caplet.wire.untyped import AnyPointer
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["Service", "answer_call", "call", "capabilities_of", "fill", "new_call", "number_of"]

INTERFACE = 0x1


def fill(pointer: AnyPointerBuilder, number: int, capabilities: Sequence[Capability | None]) -> None:
    """Write a number and capabilities."""
    struct = pointer.init_struct(1, len(capabilities))
    struct.set_u64(0, number)
    for index, capability in enumerate(capabilities):
        struct.pointer(index).set_capability(capability)


def number_of(content: AnyPointer) -> int:
    """Return the number in params or results."""
    return content.struct().u64(0)


def capabilities_of(content: AnyPointer) -> list[Capability | None]:
    """Return the capabilities in params or results."""
    struct = content.struct()
    found: list[Capability | None] = []
    for index in range(struct.pointer_count):
        capability = struct.pointer(index).capability()
        found.append(capability)  # type: ignore[arg-type]
    return found


def new_call(
    target: Capability, method: int = 0, number: int = 0, capabilities: Sequence[Capability | None] = ()
) -> Request:
    """Return a request that is ready to be sent."""
    request = target.new_request(INTERFACE, method)
    fill(request.params, number, capabilities)
    return request


def call(
    target: Capability, method: int = 0, number: int = 0, capabilities: Sequence[Capability | None] = ()
) -> Answer:
    """Make a call."""
    return new_call(target, method, number, capabilities).send()


def answer_call(call: IncomingCall, number: int = 0, capabilities: Sequence[Capability | None] = ()) -> None:
    """Answer a call that a service holds."""
    fill(call.results(), number, capabilities)
    call.finish()


class Service:
    """An object that records what it is called with.

    Args:
        flags: what it says about its methods (`caplet.cap.local`).
        handler: called with each call; None to hold every call in `held` until the test answers it.
    """

    def __init__(self, flags: int = 0, handler: Callable[[IncomingCall], None] | None = None) -> None:
        self.flags = flags
        self.handler = handler
        self.numbers: list[int] = []
        self.held: list[IncomingCall] = []
        self.cancelled: list[IncomingCall] = []
        self.is_released = False
        self._capability: weakref.ref[LocalCapability] | None = None

    @property
    def capability(self) -> LocalCapability:
        """The one reference to it."""
        found = None if self._capability is None else self._capability()
        if found is None:
            found = LocalCapability(self)
            self._capability = weakref.ref(found)
        return found

    def method_flags(self, interface_id: int, method_id: int) -> int:
        """Return the flags that it was made with."""
        return self.flags

    def dispatch(self, call: IncomingCall) -> None:
        """Note the call."""
        self.numbers.append(number_of(call.params))
        if self.handler is not None:
            self.handler(call)
        else:
            self.held.append(call)
            call.on_cancel(lambda: self.cancelled.append(call))

    def released(self) -> None:
        """Note it."""
        self.is_released = True
