"""What streaming methods answer with.

Knows an empty struct that belongs to no registry, for schemas that came without stream.capnp.
"""

from __future__ import annotations

from caplet.runtime.plans import StructKind
from caplet.runtime.structs import BuilderMixin, Struct
from caplet.schema.ids import STREAM_RESULT_ID

__all__ = ["EmptyResults"]


class EmptyResults(Struct):
    """The results of a streaming method: nothing."""

    __slots__ = ()

    _plan = StructKind("EmptyResults", STREAM_RESULT_ID, 0, 0)


EmptyResults.Builder = type("Builder", (BuilderMixin, EmptyResults), {"__slots__": ()})
EmptyResults._plan.set_classes(EmptyResults, EmptyResults.Builder)
