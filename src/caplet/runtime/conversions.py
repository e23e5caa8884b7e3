"""The budget of one walk through a whole message that makes something of everything in it: a dict, JSON, text.

Knows how much such a walk may cost: a multiple of the message's own size, and a little more. A message is a tree, so that is enough for honest
ones; one that leads to the same content a thousand times would become a thousand times as much memory. Does not know what is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from caplet.errors import DecodeError
from caplet.runtime.plans import StructKind
from caplet.wire.arena import Arena
from caplet.wire.builder import BuilderArena
from caplet.wire.untyped import AnyPointer, AnyStruct
from caplet.wire.views import StructReader

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Conversion", "bounded", "converted", "export_whole"]

PlaceType = TypeVar("PlaceType", AnyStruct, AnyPointer)

# How deeply a struct may be nested of which all is looked at: what is built may be deeper than the machine's stack allows.
_DEEPEST = 1000

# What a word of an honest message may cost: eight for its bits, and more where an older program wrote fewer fields than the type has.
_WORDS_FOR_EACH = 16
# What elements that take no room may cost beyond that: so much, or a part of the budget (as a power of two) when that is more.
_SPARE_WORDS = 1 << 16
_SPARE_BITS = 7


class Conversion(Arena):
    """A message, seen with a budget of its own; what was used of it is taken from the message's at the end.

    Args:
        message: the message, which was received.
    """

    __slots__ = ("granted_words", "message", "message_words")

    def __init__(self, message: Arena) -> None:
        self.begin(message)

    def begin(self, message: Arena) -> None:
        """Begin; the arguments are those of the class."""
        self.message = message
        self.segments = message.segments
        self.capabilities = message.capabilities
        self.nesting = message.nesting
        words = 0
        for segment in message.segments:
            words += segment.words
        self.message_words = words
        granted = message.budget >> _SPARE_BITS
        if granted < _SPARE_WORDS:
            granted = _SPARE_WORDS
        granted += _WORDS_FOR_EACH * words
        if granted > message.budget:
            granted = message.budget
        self.granted_words = granted
        self.budget = granted

    def end(self) -> None:
        """Take what was used from the message's budget."""
        self.message.budget -= self.granted_words - self.budget

    def explained(self, error: DecodeError) -> DecodeError:
        """Return the error, or a clearer one when it was the smaller budget that was used up."""
        if self.budget or self.granted_words >= self.message.budget:
            return error
        return DecodeError(
            f"all of this message of {self.message_words} words leads to more than {self.granted_words} words: it leads to the same content "
            "many times; its fields can be read one by one, or a much larger Limits(traversal_words=...) converts it"
        )


def conversion_of(message: Arena | None) -> Conversion | None:
    """Return the message with a budget of its own; None for what is our own, or nothing."""
    if message is None or isinstance(message, BuilderArena):
        return None
    conversion = Conversion.__new__(Conversion)
    conversion.begin(message)
    return conversion


def bounded(plan: StructKind, obj: StructReader) -> StructReader:
    """Return a struct, of a type, as a reader in which nothing can be reached that is nested too deeply for the machine's stack."""
    reading = plan.view(obj, False)
    if reading._depth > _DEEPEST:
        reading._depth = _DEEPEST
    return reading


def export_whole(plan: StructKind, obj: StructReader) -> dict[str, Any]:
    """Return a struct, of a type, as plain Python values.

    Raises:
        DecodeError: the message is malformed, nested too deeply, or leads to the same content many times.
    """
    reading = bounded(plan, obj)
    conversion = conversion_of(reading._arena)
    if conversion is None:
        return plan.export_struct(reading)
    reading._arena = conversion
    try:
        return plan.export_struct(reading)
    except DecodeError as error:
        raise conversion.explained(error) from None
    finally:
        conversion.end()


def converted(place: PlaceType, convert: Callable[[PlaceType], str]) -> str:
    """Return what `convert` makes of a place in a message.

    Args:
        place: a struct, or a pointer that is not null, that nobody else holds.
        convert: makes a text of it.

    Raises:
        DecodeError: the message is malformed, or leads to the same content many times.
    """
    conversion = conversion_of(place._arena)
    if conversion is None:
        return convert(place)
    place._arena = conversion
    try:
        return convert(place)
    except DecodeError as error:
        raise conversion.explained(error) from None
    finally:
        conversion.end()
