"""Traces by OpenTelemetry: a span on each side of every call, and the client's known to the server as the parent of its own.

Knows what a span says of a call, and which context it hangs on. Does not know how metadata travels (`caplet.cap.interception`). The package
`opentelemetry-api` is needed to import this: `pip install caplet[opentelemetry]`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from opentelemetry import context as contexts
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Setter
from opentelemetry.trace import SpanKind, Status, StatusCode

from caplet.errors import KIND_DISCONNECTED, KIND_FAILED, KIND_OVERLOADED, KIND_UNIMPLEMENTED
from caplet.runtime.interceptors import Interceptor

if TYPE_CHECKING:
    from opentelemetry.propagators.textmap import TextMapPropagator
    from opentelemetry.trace import Span, TracerProvider

    from caplet.errors import RpcError
    from caplet.runtime.interceptors import InterceptedCall

__all__ = ["OpenTelemetry"]

SYSTEM = "capnproto"

_KINDS = {
    KIND_FAILED: "failed",
    KIND_OVERLOADED: "overloaded",
    KIND_DISCONNECTED: "disconnected",
    KIND_UNIMPLEMENTED: "unimplemented",
}


class MetadataSetter(Setter[dict[str, str]]):
    """How a propagator writes metadata."""

    def set(self, carrier: dict[str, str], key: str, value: str) -> None:
        """Write one entry."""
        carrier[key] = value


_SETTER = MetadataSetter()


class OpenTelemetry(Interceptor):
    """Makes a span of each call: of kind CLIENT where it is made, of kind SERVER where it is answered.

    Give it to `connect` and to `serve` as `interceptor`. When both sides have one, the span of the server has that of the client as its parent, and
    baggage travels too; a peer without one, of whatever implementation, sees ordinary calls. What a method does is inside its span.

    Args:
        tracer_provider: makes the spans; None for the global one.
        propagator: says what of a context travels; None for the global one, which carries `traceparent`, `tracestate` and `baggage`.
    """

    sends_metadata = True

    def __init__(
        self, tracer_provider: TracerProvider | None = None, propagator: TextMapPropagator | None = None
    ) -> None:
        self._tracer = trace.get_tracer("caplet", tracer_provider=tracer_provider)
        self._propagator = propagator

    def on_start(self, call: InterceptedCall) -> tuple[InterceptedCall, Span]:
        """Start a span."""
        service, _, method = call.name.rpartition(".")
        attributes = {"rpc.system": SYSTEM, "rpc.service": service, "rpc.method": method}
        name = f"{service}/{method}"
        propagator = self._propagator or propagate.get_global_textmap()
        if call.outgoing:
            span = self._tracer.start_span(name, kind=SpanKind.CLIENT, attributes=attributes)
            propagator.inject(call.metadata, trace.set_span_in_context(span), _SETTER)
            return call, span
        # Whatever was going on when the server was started is no part of a call that came by a network.
        around = Context() if call.peer is not None else contexts.get_current()
        around = propagator.extract(call.metadata, around)
        if call.peer is not None:
            attributes["network.peer.address"] = str(call.peer)
        span = self._tracer.start_span(name, context=around, kind=SpanKind.SERVER, attributes=attributes)
        # Holds for this call alone: there is nothing to take back.
        contexts.attach(trace.set_span_in_context(span, around))
        return call, span

    def on_end(self, token: object, error: RpcError | None) -> None:
        """End the span."""
        call, span = cast("tuple[InterceptedCall, Span]", token)
        if error is not None:
            span.set_attribute("error.type", "cancelled" if call.cancelled else _KINDS.get(error.kind, "failed"))
            span.set_status(Status(StatusCode.ERROR, error.reason))
        span.end()
