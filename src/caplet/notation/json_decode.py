"""JSON to values.

Knows which JSON value fits which type. How members are named is the plan's, how values become bytes the compiler's.
"""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from typing import Final

from caplet.compiler.encoding import GroupValue, ListValue, StructValue, Written
from caplet.compiler.members import MemberInfo
from caplet.compiler.values import INTEGER_RANGES, rounded
from caplet.errors import NotationError
from caplet.limits import DEFAULT_LIMITS
from caplet.notation.building import NotationBuilder
from caplet.notation.json_plan import Entry, JsonMember, JsonPlans, JsonStruct
from caplet.schema.model import EnumType, ListType, StructType, Type, TypeKind, Value
from caplet.schema.registry import apply_brand

__all__ = ["Json", "JsonReader", "Members", "read_json"]


class Members(list[tuple[str, "Json"]]):
    """The members of a JSON object, in order; names may occur twice, and then the last one counts."""


Json = None | bool | int | float | str | Members | list["Json"]

_INTEGER: Final = re.compile(r"\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_FLOATS: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_NO_BASE64: Final = re.compile(r"[\s=]")


def _refuse_word(word: str) -> Json:
    raise NotationError(f'{word} is not JSON; write "{word}"')


def _members(pairs: list[tuple[str, Json]]) -> Members:
    return Members(pairs)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_refuse_word)


def read_json(text: str) -> Json:
    """Return the one value that a JSON text describes.

    Raises:
        NotationError: it is not JSON; with line and column.
    """
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


class _Filled:
    """The members of a struct or group that were given: values, and those of flattened structs and groups inside."""

    __slots__ = ("active", "inner", "values")

    def __init__(self) -> None:
        self.values: dict[int, Written] = {}
        self.inner: dict[int, _Filled] = {}
        self.active: JsonMember | None = None

    def at(self, path: tuple[int, ...]) -> _Filled:
        """Return the part of a flattened member, made when it is new."""
        found = self
        for index in path:
            found = found.inner.setdefault(index, _Filled())
        return found

    def active_at(self, path: tuple[int, ...]) -> JsonMember | None:
        """Return the active member of a union on the way, without making anything."""
        found: _Filled | None = self
        for index in path:
            found = found.inner.get(index) if found is not None else None
        return found.active if found is not None else None


class JsonReader:
    """Reads values of one registry.

    Args:
        plans: the registry's structs.
        builder: the compiler's way to bytes.
        reject_unknown: whether members that the schema does not have are errors.
    """

    __slots__ = ("builder", "plans", "reject_unknown")

    def __init__(self, plans: JsonPlans, builder: NotationBuilder, reject_unknown: bool) -> None:
        self.plans = plans
        self.builder = builder
        self.reject_unknown = reject_unknown

    def value(self, source: Json, type_: Type, form: str = "", depth: int = 0) -> Written:
        """Return a value of a type.

        Raises:
            NotationError: the JSON value does not fit.
        """
        if depth > DEFAULT_LIMITS.nesting:
            raise NotationError("the value is nested too deeply")
        kind = type_.kind
        if isinstance(type_, StructType):
            return self.struct(source, type_, depth)
        if isinstance(type_, ListType):
            return self.array(source, type_, depth)
        if isinstance(type_, EnumType):
            return self.enum(source, type_)
        if kind == TypeKind.TEXT:
            return Value(kind, _string(source))
        if kind == TypeKind.DATA:
            return Value(kind, _data(source, form))
        if kind in INTEGER_RANGES:
            return Value(kind, _integer(source, kind))
        if kind in (TypeKind.FLOAT32, TypeKind.FLOAT64):
            return Value(kind, rounded(kind, _float(source)))
        if kind == TypeKind.BOOL:
            if not isinstance(source, bool):
                raise _mismatch("true or false", source)
            return Value(kind, source)
        if kind == TypeKind.VOID:
            return Value(kind)
        word = "capabilities" if kind == TypeKind.INTERFACE else "AnyPointer"
        raise NotationError(f"{word} have no form in JSON")

    def array(self, source: Json, type_: ListType, depth: int) -> ListValue:
        """Return a list."""
        if not isinstance(source, list) or isinstance(source, Members):
            raise _mismatch("an array", source)
        items: list[Written] = []
        for index, item in enumerate(source):
            try:
                items.append(self.value(item, type_.element, "", depth + 1))
            except NotationError as error:
                raise error.inside(f"[{index}]") from None
        return ListValue(type_, items)

    def enum(self, source: Json, type_: EnumType) -> Value:
        """Return an enumerant: by name, or by number."""
        names, numbers = self.plans.enumerants(type_)
        if isinstance(source, str):
            if source not in numbers:
                shown = ", ".join(names[:8])
                raise NotationError(
                    f"{json.dumps(source)} is not an enumerant of {self.builder.type_name(type_)}; it has {shown}"
                )
            return Value(TypeKind.ENUM, numbers[source])
        return Value(TypeKind.ENUM, _integer(source, TypeKind.UINT16))

    def struct(self, source: Json, type_: StructType, depth: int) -> StructValue:
        """Return a struct."""
        root = self.builder.members(type_.type_id).root
        filled = self.object(source, self.plans.struct(type_.type_id), root, type_, depth)
        return StructValue(type_, self.fields(filled, root, type_))

    def object(self, source: Json, plan: JsonStruct, info: MemberInfo, type_: StructType, depth: int) -> _Filled:
        """Return what the members of an object give: the discriminators first, because they say what other names mean."""
        if not isinstance(source, Members):
            raise _mismatch("an object", source)
        table = self.plans.table(plan)
        filled = _Filled()
        rest: list[tuple[str, Json, list[Entry]]] = []
        for name, item in source:
            entries = table.get(name)
            if entries is None:
                if self.reject_unknown:
                    raise NotationError("the schema has no such member").inside("." + name)
                continue
            tags = [entry for entry in entries if entry.member is None and not entry.is_value]
            for entry in tags:
                _choose(filled, entry, item, name)
            if not tags:
                rest.append((name, item, entries))
        for name, item, entries in rest:
            for entry in entries:
                try:
                    if self.apply(filled, entry, item, info, type_, depth):
                        break
                except NotationError as error:
                    raise error.inside("." + name) from None
        return filled

    def apply(self, filled: _Filled, entry: Entry, item: Json, info: MemberInfo, type_: StructType, depth: int) -> bool:
        """Take a member of an object for what an entry says; False when a union on the way has another member active."""
        for (path, owner), choice in entry.choices:
            active = filled.active_at(path)
            if choice.prefix is not None and active is not choice and (active is not None or owner.tag is not None):
                return False
        member = entry.member if entry.member is not None else filled.active_at(entry.path)
        if member is None:
            return False
        target, target_type = self.follow(info, type_, entry.path)
        child = target.children[member.index]
        value: Written
        if child.is_field:
            value = self.value(item, apply_brand(child.type, target_type.brand), member.data_form, depth + 1)
        else:
            group = self.object(item, self.plans.inner(member), child, target_type, depth + 1)
            value = GroupValue(self.fields(group, child, target_type))
        for (path, _), chosen in entry.choices:
            filled.at(path).active = chosen
        filled.at(entry.path).values[member.index] = value
        return True

    def follow(self, info: MemberInfo, type_: StructType, path: tuple[int, ...]) -> tuple[MemberInfo, StructType]:
        """Return the struct or group to which flattened members lead."""
        for index in path:
            info = info.children[index]
            if info.is_field:
                inner = apply_brand(info.type, type_.brand)
                assert isinstance(inner, StructType)
                type_ = inner
                info = self.builder.members(inner.type_id).root
        return info, type_

    def fields(self, filled: _Filled, info: MemberInfo, type_: StructType) -> list[tuple[MemberInfo, Written]]:
        """Return what was given as the fields of a struct or group; of a union only the active member."""
        found: list[tuple[MemberInfo, Written]] = []
        active = filled.active
        for child in info.children:
            if child.in_union and (active is None or active.index != child.index):
                continue
            value = filled.values.get(child.index)
            inner = filled.inner.get(child.index)
            if value is None and inner is not None:
                value = self.flattened(inner, child, type_)
            if value is None and child.in_union:
                value = Value(child.type.kind) if child.is_field else GroupValue([])
                if child.is_field and child.default is not None and child.type.kind not in _POINTERS:
                    value = child.default
            if value is not None:
                found.append((child, value))
        return found

    def flattened(self, filled: _Filled, child: MemberInfo, type_: StructType) -> Written:
        """Return the value of a flattened member."""
        if not child.is_field:
            return GroupValue(self.fields(filled, child, type_))
        inner = apply_brand(child.type, type_.brand)
        assert isinstance(inner, StructType)
        return StructValue(inner, self.fields(filled, self.builder.members(inner.type_id).root, inner))


_POINTERS: Final = (
    TypeKind.TEXT,
    TypeKind.DATA,
    TypeKind.LIST,
    TypeKind.STRUCT,
    TypeKind.INTERFACE,
    TypeKind.ANY_POINTER,
)


def _choose(filled: _Filled, entry: Entry, item: Json, name: str) -> None:
    """Take a discriminator; a name that the schema does not have changes nothing."""
    if not isinstance(item, str):
        raise _mismatch("the name of a member of the union", item).inside("." + name)
    for (path, _), member in entry.choices:
        if filled.active_at(path) is not member:
            return
    for member in entry.owner.union:
        if member.name == item:
            filled.at(entry.path).active = member


def _mismatch(wanted: str, source: Json) -> NotationError:
    words: dict[type, str] = {bool: "true or false", str: "a string", Members: "an object", list: "an array"}
    found = "null" if source is None else words.get(type(source), "a number")
    if isinstance(source, bool):
        found = json.dumps(source)
    return NotationError(f"expected {wanted}, not {found}")


def _string(source: Json) -> str:
    if not isinstance(source, str):
        raise _mismatch("a string", source)
    try:
        source.encode()
    except UnicodeEncodeError:
        raise NotationError("the string holds half of a surrogate pair") from None
    return source


def _integer(source: Json, kind: TypeKind) -> int:
    """Return an integer, given as a number without a fraction or as a string of digits."""
    number: int | float
    if isinstance(source, str):
        found = _INTEGER.fullmatch(source)
        if found is None:
            raise NotationError(f"{json.dumps(source)} is not an integer")
        sign, digits = found.groups()
        base = 16 if digits[1:2] in ("x", "X") else 8 if digits.startswith("0") else 10
        number = int(digits, base) * (-1 if sign == "-" else 1)
    elif isinstance(source, (int, float)) and not isinstance(source, bool):
        number = source
    else:
        raise _mismatch("a number", source)
    if isinstance(number, float) and not number.is_integer():
        raise NotationError(f"{number} is not an integer")
    low, high = INTEGER_RANGES[kind]
    if not low <= number <= high:
        raise NotationError(f"{number} does not fit; the type holds {low} to {high}")
    return int(number)


def _float(source: Json) -> float:
    if source is None:
        return _FLOATS["NaN"]
    if isinstance(source, str):
        if source in _FLOATS:
            return _FLOATS[source]
        try:
            return float(source)
        except ValueError:
            raise NotationError(f"{json.dumps(source)} is not a number") from None
    if isinstance(source, (int, float)) and not isinstance(source, bool):
        try:
            return float(source)
        except OverflowError:
            return float("inf") if source > 0 else float("-inf")
    raise _mismatch("a number", source)


def _data(source: Json, form: str) -> bytes:
    if not form:
        if not isinstance(source, list) or isinstance(source, Members):
            raise _mismatch("an array of numbers", source)
        return bytes([_integer(item, TypeKind.UINT8) for item in source])
    if not isinstance(source, str):
        raise _mismatch("a string", source)
    try:
        if form == "hex":
            return bytes.fromhex(source)
        digits = _NO_BASE64.sub("", source)
        return b64decode(digits + "=" * (-len(digits) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise NotationError(f"the string is not {form}") from None
