"""The forms of what lies behind a pointer, structs excepted: text, data, lists, and what has no form by itself.

Knows which JSON value stands for which object, both ways.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from caplet.errors import NotationError
from caplet.notation.json_forms import JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers import NumberForm
from caplet.notation.json_values import as_bytes, data_text, mismatch, plain
from caplet.wire.sizes import BIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.notation.json_values import Json
    from caplet.wire.untyped import AnyPointer
    from caplet.wire.untyped_builder import AnyPointerBuilder

__all__ = ["DataForm", "HandledForm", "ListForm", "OpaqueForm", "TextForm"]


class OpaqueForm(JsonForm):
    """AnyPointer and capabilities, which have no form without a handler.

    Args:
        word: what they are called.
    """

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        JsonForm.__init__(self)
        self.word = word

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Refuse."""
        raise NotationError(f"{self.word} have no form in JSON")

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Refuse."""
        raise NotationError(f"{self.word} have no form in JSON")


class HandledForm(JsonForm):
    """A type behind a pointer for which a program has its own form.

    Args:
        write: returns plain Python for a pointer, and the text or data that it stands for when it is null.
        read: makes a pointer lead to what plain Python describes.
    """

    __slots__ = ("read", "write")

    def __init__(self, write: Callable[[AnyPointer, Any], Any], read: Callable[[AnyPointerBuilder, Any], None]) -> None:
        JsonForm.__init__(self)
        self.write = write
        self.read = read

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Return what the program makes of it."""
        return out.plain(self.write(source, default), indent, prefixed)

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Let the program make a value of it."""
        self.read(target, plain(source))


class TextForm(JsonForm):
    """Text: a string."""

    __slots__ = ()

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Return the string."""
        return encode_basestring(source.text("" if default is None else default))

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Write the text."""
        if type(source) is not str:
            raise mismatch("a string", source)
        try:
            target.set_text(source)
        except UnicodeEncodeError:
            raise NotationError("the string holds half of a surrogate pair") from None


class DataForm(JsonForm):
    """Data: an array of numbers, or a string where an annotation wants one.

    Args:
        form: `base64`, `hex` or nothing.
    """

    __slots__ = ("form",)

    def __init__(self, form: str) -> None:
        JsonForm.__init__(self)
        self.form = form

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Return the array or string."""
        content = source.blob(b"" if default is None else default)
        if self.form:
            return '"' + data_text(content, self.form) + '"'
        return f"[{out.join([str(byte) for byte in content], False, indent, prefixed)}]"

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Write the data."""
        target.set_blob(as_bytes(source, self.form))


class ListForm(JsonForm):
    """A list: an array.

    Args:
        element: the form of its elements.
        element_size: the size code of its elements on the wire.
    """

    __slots__ = ("element", "element_size")

    def __init__(self, element: JsonForm, element_size: int) -> None:
        JsonForm.__init__(self)
        self.element = element
        self.element_size = element_size

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Return the array."""
        found = source.list()
        length = len(found)
        out.enter()
        outside = out.broken
        out.broken = False
        deeper = indent + (length > 1)
        element = self.element
        items: list[str] = []
        index = 0
        try:
            if isinstance(element, NumberForm):
                number = element
                if self.element_size == BIT:
                    found._charge_bits()
                for index in range(length):
                    items.append(number.text(number.element(found, index)))  # noqa: PERF401  (errors name the index)
            elif element.is_struct:
                for index in range(length):
                    items.append(element.encode_struct(out, found.struct(index), deeper, False))  # noqa: PERF401
            else:
                for index in range(length):
                    items.append(element.encode(out, found.pointer(index), None, deeper, False))
        except NotationError as error:
            raise error.inside(f"[{index}]") from None
        inside = out.broken
        out.broken = outside
        out.depth -= 1
        return f"[{out.join(items, inside, indent, prefixed)}]"

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Write the list."""
        if type(source) is not list:
            raise mismatch("an array", source)
        reading.check_depth(depth)
        element = self.element
        made = element.init_list(target, len(source), self.element_size)
        index = 0
        try:
            if isinstance(element, NumberForm):
                number = element
                for item in source:
                    number.put_element(made, index, number.number(item))
                    index += 1
            elif element.is_struct:
                for item in source:
                    element.decode_struct(reading, made.struct(index), item, depth + 1)
                    index += 1
            else:
                for item in source:
                    element.decode(reading, made.pointer(index), item, depth + 1)
                    index += 1
        except NotationError as error:
            raise error.inside(f"[{index}]") from None
