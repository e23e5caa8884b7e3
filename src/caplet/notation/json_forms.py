"""What all forms of values in JSON share: a text that is being written, how one is read, and what a form can do.

Knows the layout of the C++ library, and how it writes floats. The forms themselves are in `json_numbers`, `json_pointers` and `json_structs`; which type
has which form is told by `json_plan`.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from caplet.errors import NotationError
from caplet.limits import DEFAULT_LIMITS
from caplet.notation.reading import double_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from caplet.notation.json_values import Json
    from caplet.wire.untyped import AnyPointer, AnyStruct
    from caplet.wire.untyped_builder import AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

__all__ = ["JsonForm", "JsonInput", "JsonOutput", "float_form"]

LONG_ITEM = 50
NESTING = DEFAULT_LIMITS.nesting
OUTPUT_NESTING = 200
PLAIN_FLOAT = 16
LEAST_PLAIN = 1e-4
MOST_PLAIN = 1e15


class JsonOutput:
    """A JSON text that is being written.

    Args:
        pretty: whether to break lines and to put spaces between items.
        skip_defaults: whether members with their default values are left out.
    """

    __slots__ = ("broken", "colon", "depth", "pretty", "skip_defaults")

    def __init__(self, pretty: bool, skip_defaults: bool) -> None:
        self.pretty = pretty
        self.skip_defaults = skip_defaults
        self.colon = ": " if pretty else ":"
        self.broken = False
        self.depth = 0

    def enter(self) -> None:
        """Go one level deeper.

        Raises:
            NotationError: that is too deep.
        """
        self.depth += 1
        if self.depth > OUTPUT_NESTING:
            raise NotationError("the value is nested too deeply")

    def join(self, items: list[str], broken: bool, indent: int, prefixed: bool) -> str:
        """Join the items of a list or object, on one line where they are short.

        Args:
            items: the items.
            broken: whether one of them takes several lines.
            indent: how deep they stand.
            prefixed: whether they are the value of a member.
        """
        if not self.pretty:
            return ",".join(items)
        if len(items) < 2 or not (broken or any_long(items)):
            if broken:
                self.broken = True
            return ", ".join(items)
        self.broken = True
        line = "\n" + "  " * (indent + 1)
        return (line if prefixed else " ") + ("," + line).join(items) + " "

    def plain(self, value: Any, indent: int, prefixed: bool) -> str:
        """Return plain Python as JSON: what a handler made.

        Raises:
            NotationError: it has no form in JSON.
        """
        if value is None or value is True or value is False:
            return "null" if value is None else "true" if value else "false"
        if isinstance(value, str):
            return encode_basestring(value)
        if isinstance(value, int):
            return str(int(value))
        if isinstance(value, float):
            return float_form(value)
        if not isinstance(value, (dict, list, tuple)):
            raise NotationError(f"a handler returned {type(value).__name__}, which has no form in JSON")
        self.enter()
        outside = self.broken
        self.broken = False
        deeper = indent + (len(value) > 1)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, dict):
            items = [
                encode_basestring(str(name)) + self.colon + self.plain(item, deeper, True)  # pyright: ignore[reportUnknownArgumentType]
                for name, item in value.items()  # pyright: ignore[reportUnknownVariableType]
            ]
        else:
            items = [self.plain(item, deeper, False) for item in value]  # pyright: ignore[reportUnknownVariableType]
        inside = self.broken
        self.broken = outside
        self.depth -= 1
        text = self.join(items, inside, indent, prefixed)
        return "{" + text + "}" if isinstance(value, dict) else f"[{text}]"


class JsonInput:
    """How a JSON text is to be read.

    Args:
        reject_unknown: whether members that the schema does not have are errors.
    """

    __slots__ = ("reject_unknown",)

    def __init__(self, reject_unknown: bool) -> None:
        self.reject_unknown = reject_unknown

    def check_depth(self, depth: int) -> None:
        """Refuse what is nested too deeply.

        Raises:
            NotationError: it is.
        """
        if depth > NESTING:
            raise NotationError("the value is nested too deeply")


def any_long(items: Sequence[str]) -> bool:
    """Tell whether an item is too long to share a line."""
    for item in items:  # noqa: SIM110  (compiled code has no generators)
        if len(item) > LONG_ITEM or (not item.isascii() and len(item.encode()) > LONG_ITEM):
            return True
    return False


def float_form(value: float) -> str:
    """Return a number as C++ writes it; what JSON has no number for is a string."""
    if value != value:
        return '"NaN"'
    if value == 0.0 or LEAST_PLAIN <= value < MOST_PLAIN or -MOST_PLAIN < value <= -LEAST_PLAIN:
        # The shortest text that reads the same is what C++ prints when it has no more digits than C++ tries first.
        text = repr(value)
        if len(text) <= PLAIN_FLOAT:
            return text[: len(text) - 2] if text.endswith(".0") else text
    elif value in (float("inf"), float("-inf")):
        return '"Infinity"' if value > 0 else '"-Infinity"'
    return double_text(value)


class JsonForm:
    """How values of a type appear in JSON; each kind of form has those of the methods that its values need.

    Slots: `is_number` says that values lie in the data section, `is_struct` that lists hold them in place.
    """

    __slots__ = ("is_number", "is_struct")

    is_number: bool
    is_struct: bool

    def __init__(self) -> None:
        self.is_number = False
        self.is_struct = False

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Return what a pointer leads to; `default` is the text or data that a null one stands for, or None."""
        raise NotImplementedError

    def encode_struct(self, out: JsonOutput, source: AnyStruct, indent: int, prefixed: bool) -> str:
        """Return a struct."""
        raise NotImplementedError

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Make a pointer lead to what a JSON value describes.

        Raises:
            NotationError: it does not fit.
        """
        raise NotImplementedError

    def decode_struct(self, reading: JsonInput, target: AnyStructBuilder, source: Json, depth: int) -> None:
        """Fill a fresh struct with what a JSON value describes.

        Raises:
            NotationError: it does not fit.
        """
        raise NotImplementedError

    def init_list(self, target: AnyPointerBuilder, length: int, size: int) -> AnyListBuilder:
        """Make a pointer lead to a new list of `length` values; `size` is their size code on the wire."""
        return target.init_list(size, length)
