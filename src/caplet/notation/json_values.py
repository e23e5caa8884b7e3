"""JSON texts to plain values, and what each JSON value is as a number, text or data of a schema.

Knows JSON and how forgiving we are with it. Does not know schemas beyond the range of a number.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode, b64encode
from typing import Any, Final

from caplet.errors import NotationError

__all__ = [
    "Json",
    "as_bytes",
    "as_float",
    "as_integer",
    "data_text",
    "mismatch",
    "plain",
    "read_json",
    "shown",
]

Json = None | bool | int | float | str | tuple[tuple[str, "Json"], ...] | list["Json"]
"""A JSON value. An object is a tuple of its members, in order; names may occur twice, and then the last one counts."""

_INTEGER: Final = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+|inf|nan|infinity)(?:[eE][+-]?[0-9]+)?", re.IGNORECASE)
_NO_BASE64: Final = re.compile(r"[\s=]")
_SHOWN: Final = 40
_DIGITS: Final = 400


def _refuse_word(word: str) -> Json:
    raise NotationError(f'{word} is not JSON; write "{word}"')


_DECODER: Final = json.JSONDecoder(object_pairs_hook=tuple, parse_constant=_refuse_word)


def read_json(text: str | bytes) -> Json:
    """Return the one value that a JSON text describes.

    Raises:
        NotationError: it is not JSON; with line and column.
    """
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise NotationError(f"JSON must be UTF-8, and byte {error.start} is not") from None
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotationError(f"not JSON: {error.msg}, at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise NotationError("the JSON text is nested too deeply") from None
    except NotationError:
        raise
    except ValueError:
        raise NotationError("not JSON: a number has too many digits") from None
    return value


def plain(source: Json) -> Any:
    """Return a JSON value as Python's own json module gives it: objects are dicts."""
    if isinstance(source, tuple):
        return {name: plain(value) for name, value in source}
    if isinstance(source, list):
        return [plain(value) for value in source]
    return source


def mismatch(wanted: str, source: Json) -> NotationError:
    """Return the error about a value of another kind than is wanted."""
    words: dict[type, str] = {str: "a string", tuple: "an object", list: "an array"}
    found = "null" if source is None else words.get(type(source), "a number")
    if isinstance(source, bool):
        found = json.dumps(source)
    return NotationError(f"expected {wanted}, not {found}")


def shown(source: str) -> str:
    """Return the beginning of a string, for an error."""
    return json.dumps(source if len(source) <= _SHOWN else source[:_SHOWN] + "...", ensure_ascii=False)


def as_integer(source: Json, low: int, high: int) -> int:
    """Return an integer, given as a number without a fraction or as a string of digits.

    Raises:
        NotationError: it is none, or not between `low` and `high`.
    """
    number: int | float
    if isinstance(source, str):
        found = _INTEGER.fullmatch(source)
        if found is None:
            raise NotationError(f"{shown(source)} is not an integer")
        sign, digits = found.groups()
        if len(digits) > _DIGITS:
            raise NotationError(f"{shown(source)} does not fit; the type holds {low} to {high}")
        base = 16 if digits[1:2] in ("x", "X") else 8 if digits.startswith("0") else 10
        number = int(digits, base) * (-1 if sign == "-" else 1)
    elif isinstance(source, (int, float)) and not isinstance(source, bool):
        number = source
    else:
        raise mismatch("a number", source)
    if isinstance(number, float) and not number.is_integer():
        raise NotationError(f"{number} is not an integer")
    if not low <= number <= high:
        raise NotationError(f"{shown(str(number))[1:-1]} does not fit; the type holds {low} to {high}")
    return int(number)


def as_float(source: Json) -> float:
    """Return a number; null is NaN, and a string may name what JSON has no number for.

    Raises:
        NotationError: it is none.
    """
    if source is None:
        return float("nan")
    if isinstance(source, str):
        if len(source) > _DIGITS or _NUMBER.fullmatch(source) is None:
            raise NotationError(f"{shown(source)} is not a number")
        return float(source)
    if isinstance(source, (int, float)) and not isinstance(source, bool):
        try:
            return float(source)
        except OverflowError:
            return float("inf") if source > 0 else float("-inf")
    raise mismatch("a number", source)


def as_bytes(source: Json, form: str) -> bytes:
    """Return data: an array of numbers, or a string in the form `base64` or `hex`.

    Raises:
        NotationError: it is none.
    """
    if not form:
        if not isinstance(source, list):
            raise mismatch("an array of numbers", source)
        try:
            # In one go where all are what they should be.
            return bytes(source) if bool not in set(map(type, source)) else _bytes_one_by_one(source)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return _bytes_one_by_one(source)
    if not isinstance(source, str):
        raise mismatch("a string", source)
    try:
        if form == "hex":
            return bytes.fromhex(source)
        digits = _NO_BASE64.sub("", source)
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise NotationError(f"the string is not {form}") from None


def _bytes_one_by_one(source: list[Json]) -> bytes:
    made = bytearray()
    for index, item in enumerate(source):
        try:
            made.append(as_integer(item, 0, 255))
        except NotationError as error:
            raise error.inside(f"[{index}]") from None
    return bytes(made)


def data_text(content: bytes, form: str) -> str:
    """Return data as a string in the form `base64` or `hex`, without quotes."""
    return b64encode(content).decode() if form == "base64" else content.hex()
