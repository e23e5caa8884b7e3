"""Any JSON value inside of a message: the struct Value of json.capnp, which stands for what it holds.

Knows that struct's layout, and nothing else of json.capnp.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Final

from caplet.errors import NotationError
from caplet.notation.json_forms import JsonInput, JsonOutput, float_form
from caplet.notation.json_structs import StructForm

if TYPE_CHECKING:
    from caplet.notation.json_values import Json
    from caplet.wire.untyped import AnyStruct
    from caplet.wire.untyped_builder import AnyStructBuilder

__all__ = ["RAW_VALUE_ID", "RawForm"]

RAW_VALUE_ID: Final = 0xA3FA7845F919DD83
_NULL, _BOOLEAN, _NUMBER, _STRING, _ARRAY, _OBJECT, _CALL, _RAW = range(8)
_BOOLEAN_BIT: Final = 16
_NUMBER_BYTE: Final = 8
_SIZES: Final = (2, 1)
_FIELD_SIZES: Final = (0, 2)


class RawForm(StructForm):
    """A Value of json.capnp: whatever JSON value it holds."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__("Value", *_SIZES, None)

    def encode_struct(self, out: JsonOutput, source: AnyStruct, indent: int, prefixed: bool) -> str:
        """Return the JSON value."""
        source._charge_at_least(self.weight)
        tag = source.u16(0)
        if tag == _NULL:
            return "null"
        if tag == _BOOLEAN:
            return "true" if source.boolean(_BOOLEAN_BIT) else "false"
        if tag == _NUMBER:
            return float_form(source.f64(_NUMBER_BYTE))
        if tag == _STRING:
            return encode_basestring(source.text(0))
        if tag == _RAW:
            return source.text(0)
        if tag not in (_ARRAY, _OBJECT, _CALL):
            raise NotationError(f"a Value of json.capnp holds something that is not known (number {tag})")
        out.enter()
        outside, out.broken = out.broken, False
        if tag == _CALL:
            call = source.struct(0)
            items = self._items(out, call, 1, tag, indent)
            start, end = call.text(0) + "(", ")"
        else:
            items = self._items(out, source, 0, tag, indent)
            start, end = "[]" if tag == _ARRAY else "{}"
        inside, out.broken = out.broken, outside
        out.depth -= 1
        return start + out.join(items, inside, indent, prefixed) + end

    def _items(self, out: JsonOutput, source: AnyStruct, pointer: int, tag: int, indent: int) -> list[str]:
        """Return the items of an array or object, or the params of a call."""
        found = source.list(pointer)
        deeper = indent + (len(found) > 1)
        items: list[str] = []
        for index in range(len(found)):
            element = found.struct(index)
            if tag == _OBJECT:
                value = self.encode_struct(out, element.struct(1), deeper, True)
                items.append(encode_basestring(element.text(0)) + out.colon + value)
            else:
                items.append(self.encode_struct(out, element, deeper, False))
        return items

    def decode_struct(self, reading: JsonInput, target: AnyStructBuilder, source: Json, depth: int) -> None:
        """Hold a JSON value."""
        reading.check_depth(depth)
        if isinstance(source, bool):
            target.set_u16(0, _BOOLEAN)
            target.set_boolean(_BOOLEAN_BIT, source)
        elif isinstance(source, (int, float)):
            target.set_u16(0, _NUMBER)
            try:
                target.set_f64(_NUMBER_BYTE, float(source))
            except OverflowError:
                target.set_f64(_NUMBER_BYTE, float("inf") if source > 0 else float("-inf"))
        elif isinstance(source, str):
            target.set_u16(0, _STRING)
            self._set_text(target, 0, source)
        elif isinstance(source, list):
            target.set_u16(0, _ARRAY)
            made = target.init_struct_list(0, len(source), *_SIZES)
            for index, item in enumerate(source):
                self.decode_struct(reading, made.struct(index), item, depth + 1)
        elif isinstance(source, tuple):
            target.set_u16(0, _OBJECT)
            made = target.init_struct_list(0, len(source), *_FIELD_SIZES)
            for index, (name, item) in enumerate(source):
                field = made.struct(index)
                self._set_text(field, 0, name)
                self.decode_struct(reading, field.init_struct(1, *_SIZES), item, depth + 1)

    def _set_text(self, target: AnyStructBuilder, pointer: int, text: str) -> None:
        try:
            target.set_text(pointer, text)
        except UnicodeEncodeError:
            raise NotationError("the string holds half of a surrogate pair") from None
