"""What a call of a method needs at hand, looked up once.

Knows numbers, the type of the params and the class of its calls. Does not know names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.cap.hints import NO_PROMISE_PIPELINING, STREAMING
from caplet.runtime.calls import call_class

if TYPE_CHECKING:
    from caplet.runtime.calls import Call
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.plans import StructKind
    from caplet.runtime.structs import Struct

__all__ = ["CallForm"]


class CallForm:
    """What a call of a method needs.

    Args:
        plan: the method.
    """

    __slots__ = ("call", "hints", "interface_id", "method_id", "params")

    def __init__(self, plan: MethodPlan) -> None:
        self.interface_id = plan.interface_id
        self.method_id = plan.method_id
        self.params: StructKind = plan.params._plan
        # The class of its calls.
        self.call: type[Call[Struct]] = call_class(plan.results)
        # What goes with every call of it.
        self.hints = STREAMING if plan.streaming else 0 if plan.results_hold_capabilities else NO_PROMISE_PIPELINING
