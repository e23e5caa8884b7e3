"""One received call, in the hands of the method that answers it.

Knows params, results, handing on, the caller and cancellation, over an `IncomingCall`. Does not know how methods are found and started
(`server_methods.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

from caplet.cap.handover import in_vat
from caplet.errors import Failed

if TYPE_CHECKING:
    # With defaults, so that `CallContext` alone is a type.
    from typing_extensions import TypeVar

    from caplet.cap.call import IncomingCall
    from caplet.runtime.calling import Request
    from caplet.runtime.interfaces import MethodPlan
    from caplet.runtime.structs import Struct

    Params = TypeVar("Params", default=Struct, covariant=True)
    Results = TypeVar("Results", default=Struct, covariant=True)
else:
    from typing import TypeVar

    Params = TypeVar("Params", covariant=True)
    Results = TypeVar("Results", covariant=True)

__all__ = ["CallContext"]


class CallContext(Generic[Params, Results]):
    """One call, in the hands of the method that answers it."""

    __slots__ = ("_call", "_handed_on", "_params", "_pipeline_is_set", "_plan", "_results")

    def __init__(self, call: IncomingCall, plan: MethodPlan, params: Any) -> None:
        self._call = call
        self._plan = plan
        self._params: Params | None = params
        self._results: Any = None
        self._handed_on = False
        self._pipeline_is_set = False

    @property
    def params(self) -> Params:
        """The params, as one reader.

        Raises:
            Failed: they were released.
        """
        if self._params is None:
            raise Failed("the params of this call were released")
        return self._params

    def release_params(self) -> None:
        """Let go of the params, and of the capabilities in them that nobody else holds."""
        self._params = None
        in_vat(self._call.turns, self._call.release_params)

    @property
    def results(self) -> Results:
        """The results, built in place inside the answer."""
        if self._results is None:
            self._results = self._plan.results._init(self._call.results())
        results: Results = self._results
        return results

    @property
    def peer(self) -> object | None:
        """Who called, as the network knows it; None for calls from this process."""
        return self._call.peer

    @property
    def cancelled(self) -> bool:
        """Whether the caller has cancelled; a method that cannot be cancelled may look at it."""
        return self._call.cancel_requested

    def tail_call(self, request: Request) -> None:
        """Answer with whatever another call answers; the method must return nothing.

        Args:
            request: the other call, built by `client.method.request()` and not sent.

        Raises:
            Failed: results were begun already.
        """
        in_vat(self._call.turns, partial(self._call.tail_call, request._request))
        self._handed_on = True

    def set_pipeline(self, results: Struct | Mapping[str, object]) -> None:
        """Let pipelined calls go to the capabilities in `results` from now on, before the method returns.

        Args:
            results: a struct of the method's results class, or a mapping of its fields; the final results must lead to the same objects.

        Raises:
            Failed: this was said before; calls that went there would be overtaken.
        """
        if self._pipeline_is_set:
            raise Failed("the pipeline of this call was set before")
        made: Any = self._plan.results(**results) if isinstance(results, Mapping) else results
        self._pipeline_is_set = True
        in_vat(self._call.turns, partial(self._call.set_pipeline, made._as_pointer()))
