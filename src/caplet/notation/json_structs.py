"""Structs in JSON, both ways: which members an object has, and what each member of an object stands for.

Knows layout and unions, and how discriminators and flattened members are written; reading those is the work of `json_names`. The plan of a struct is
made by `json_plan`, when it is first needed.

Where a name is given a narrower type without a check, what `is_group` or the class of the form said stands before it: a `cast` would be a call in the
compiled form, and these are its hottest lines.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from caplet.errors import NotationError
from caplet.notation.json_forms import JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers import NumberForm
from caplet.notation.json_values import mismatch, plain
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.notation.json_names import JsonNames
    from caplet.notation.json_values import Json
    from caplet.wire.untyped import AnyPointer, AnyStruct
    from caplet.wire.untyped_builder import AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

__all__ = ["HandledStructForm", "JsonMember", "StructForm", "wipe"]


class JsonMember:
    """A field or group of a struct, as it appears in JSON.

    Slots: `name` its name in JSON, `key` the same as a string of JSON; `prefix` that of its members when it is flattened, else None; `tag` its number
    in its union, -1 outside of one; `is_group`, `is_pointer`, `is_void` say what it is; `offset` where it lies, in units of its own size;
    `mask` the default of a number, `content` that of a text or data, `default` the pointer to any other; `handler` a program's own way.
    """

    __slots__ = (
        "content",
        "default",
        "form",
        "handler",
        "is_group",
        "is_pointer",
        "is_void",
        "key",
        "make_form",
        "mask",
        "name",
        "offset",
        "prefix",
        "tag",
    )

    def __init__(self, name: str, tag: int, make_form: Callable[[], JsonForm]) -> None:
        self.name = name
        self.key = encode_basestring(name)
        self.tag = tag
        self.make_form = make_form
        self.form: JsonForm | None = None
        self.prefix: str | None = None
        self.is_group = False
        self.is_pointer = False
        self.is_void = False
        self.offset = 0
        self.mask = 0
        self.content: Any = None
        self.default: AnyPointer | None = None
        self.handler: Any = None

    def known_form(self) -> JsonForm:
        """Return the form of its type."""
        if self.form is None:
            self.form = self.make_form()
            if self.is_group and isinstance(self.form, StructForm):
                self.form.is_group = True
        return self.form

    # --- out ----------------------------------------------------------------------------------------------------------

    def has(self, out: JsonOutput, source: AnyStruct) -> bool:
        """Tell whether it is to be written: no null pointers, and no defaults when they are to be left out."""
        if self.is_group:
            return True
        if self.is_pointer:
            return source.has(self.offset)
        if not out.skip_defaults:
            return True
        form: NumberForm = self.known_form()  # type: ignore[assignment]
        return not form.is_default(source, self.offset)

    def pointer(self, source: AnyStruct) -> AnyPointer:
        """Return its pointer, or its default when that is null."""
        found = source.pointer(self.offset)
        return self.default if self.default is not None and found.is_null else found

    def encode(self, out: JsonOutput, source: AnyStruct, indent: int) -> str:
        """Return its value in a struct."""
        if self.handler is not None:
            return out.plain(self.handler.write(source), indent, True)
        form = self.form
        if form is None:
            form = self.known_form()
        if form.is_number:
            number: NumberForm = form  # type: ignore[assignment]
            return number.text(number.get(source, self.offset, self.mask))
        if self.is_group:
            return form.encode_struct(out, source, indent, True)
        return form.encode(out, self.pointer(source), self.content, indent, True)

    # --- in -----------------------------------------------------------------------------------------------------------

    def decode(self, reading: JsonInput, target: AnyStructBuilder, source: Json, depth: int, in_group: bool) -> None:
        """Set it in a struct.

        Args:
            reading: how to read.
            target: the struct, or a group of it.
            source: the JSON value.
            depth: how deep the target is nested.
            in_group: whether the target is a group that is being filled.

        Raises:
            NotationError: the JSON value does not fit.
        """
        if self.handler is not None:
            self.handler.read(target, plain(source))
            return
        form = self.form
        if form is None:
            form = self.known_form()
        if form.is_number:
            number: NumberForm = form  # type: ignore[assignment]
            number.put(target, self.offset, self.mask, number.number(source))
        elif self.is_group:
            group: StructForm = form  # type: ignore[assignment]
            group.decode_group(reading, target, self, source, depth + 1, in_group)
        else:
            form.decode(reading, target.pointer(self.offset), source, depth + 1)

    def write_default(self, target: AnyStructBuilder) -> None:
        """Make its pointer lead to a copy of the default, or to an empty struct; other nulls stay."""
        place = target.pointer(self.offset)
        form = self.known_form()
        if self.default is not None:
            place.set(self.default)
        elif type(self.content) is str and self.content:
            place.set_text(self.content)
        elif self.content:
            place.set_blob(self.content)
        elif form.is_struct:
            struct: StructForm = form  # type: ignore[assignment]
            place.init_struct(struct.data_words, struct.pointer_count)

    def inside(self, target: AnyStructBuilder) -> AnyStructBuilder:
        """Return the struct or group that it is, made of its default when it is not there."""
        if self.is_group:
            return target
        form: StructForm = self.known_form()  # type: ignore[assignment]
        place = target.pointer(self.offset)
        if self.default is not None and place.is_null:
            place.set(self.default)
        return place.struct(form.data_words, form.pointer_count)


class StructForm(JsonForm):
    """A struct or group: an object.

    Slots: `weight` what one costs to be written out, in words; `is_group` whether it lies inside another struct; `plain` the members outside of the union and `union` those inside; `tag_offset` where the union's tag is, in bytes; `tag_name` the name of
    the discriminator and `value_name` that of the value, None without; `simple` the members by name when none is flattened and there is no
    discriminator; `names` what each name stands for otherwise.
    """

    __slots__ = (
        "by_tag",
        "data_words",
        "is_group",
        "names",
        "plain",
        "pointer_count",
        "prepare",
        "simple",
        "tag_name",
        "tag_offset",
        "title",
        "union",
        "value_name",
        "weight",
    )

    def __init__(
        self, title: str, data_words: int, pointer_count: int, prepare: Callable[[StructForm], None] | None
    ) -> None:
        JsonForm.__init__(self)
        self.is_struct = True
        self.weight = data_words + pointer_count
        self.title = title
        self.data_words = data_words
        self.is_group = False
        self.pointer_count = pointer_count
        self.prepare = prepare
        self.plain: list[JsonMember] = []
        self.union: list[JsonMember] = []
        self.by_tag: dict[int, JsonMember] = {}
        self.tag_offset = 0
        self.tag_name: str | None = None
        self.value_name: str | None = None
        self.simple: dict[str, JsonMember] | None = None
        self.names: JsonNames | None = None

    def ready(self) -> None:
        """Gather the members, the first time."""
        prepare = self.prepare
        if prepare is not None:
            self.prepare = None
            try:
                prepare(self)
            except BaseException:
                self.prepare = prepare
                raise

    # --- out ----------------------------------------------------------------------------------------------------------

    def encode(self, out: JsonOutput, source: AnyPointer, default: Any, indent: int, prefixed: bool) -> str:
        """Return the struct that a pointer leads to."""
        return self.encode_struct(out, source.struct(), indent, prefixed)

    def encode_struct(self, out: JsonOutput, source: AnyStruct, indent: int, prefixed: bool) -> str:
        """Return a struct or group."""
        source._charge_at_least(self.weight)
        out.enter()
        outside = out.broken
        out.broken = False
        entries: list[tuple[str, Any, JsonMember | None]] = []
        self.collect(out, source, "", entries)
        deeper = indent + (len(entries) > 1)
        colon = out.colon
        items: list[str] = []
        key = ""
        try:
            for key, place, member in entries:
                items.append(key + colon + (place if member is None else member.encode(out, place, deeper)))
        except NotationError as error:
            raise error.inside("." + unquoted(key)) from None
        inside = out.broken
        out.broken = outside
        out.depth -= 1
        return "{" + out.join(items, inside, indent, prefixed) + "}"

    def collect(
        self, out: JsonOutput, source: AnyStruct, prefix: str, entries: list[tuple[str, Any, JsonMember | None]]
    ) -> None:
        """Add the members of an object to `entries`: those outside of the union first, then the discriminator and the active one.

        Args:
            out: how to write.
            source: the struct or group.
            prefix: what stands before the names.
            entries: the keys, with the struct that has the member and the member, or with a finished text and None.
        """
        if self.prepare is not None:
            self.ready()
        for member in self.plain:
            if member.has(out, source):
                self.add(out, source, member, member.name, prefix, entries)
        if not self.union:
            return
        active = self.by_tag.get(source.u16(self.tag_offset))
        if active is None:
            return
        name = active.name
        if self.tag_name is not None:
            entries.append((encode_basestring(prefix + self.tag_name), active.key, None))
            if active.is_void:
                return
        if self.value_name is not None:
            name = self.value_name
        if active.tag != 0 or not out.skip_defaults or active.has(out, source):
            self.add(out, source, active, name, prefix, entries)

    def add(
        self,
        out: JsonOutput,
        source: AnyStruct,
        member: JsonMember,
        name: str,
        prefix: str,
        entries: list[tuple[str, Any, JsonMember | None]],
    ) -> None:
        """Add a member, or those of a flattened one; the arguments are those of `collect`."""
        if member.prefix is None:
            plainly = name is member.name and not prefix
            entries.append((member.key if plainly else encode_basestring(prefix + name), source, member))
        else:
            inner: StructForm = member.known_form()  # type: ignore[assignment]
            place = source if member.is_group else member.pointer(source).struct()
            place._charge_at_least(inner.weight)
            inner.collect(out, place, prefix + member.prefix, entries)

    # --- in -----------------------------------------------------------------------------------------------------------

    def decode(self, reading: JsonInput, target: AnyPointerBuilder, source: Json, depth: int) -> None:
        """Make a pointer lead to a new struct."""
        self.decode_struct(reading, target.init_struct(self.data_words, self.pointer_count), source, depth)

    def init_list(self, target: AnyPointerBuilder, length: int, size: int) -> AnyListBuilder:
        """Make a pointer lead to a new list of structs."""
        return target.init_struct_list(length, self.data_words, self.pointer_count)

    def decode_struct(self, reading: JsonInput, target: AnyStructBuilder, source: Json, depth: int) -> None:
        """Fill a struct or group."""
        if type(source) is not tuple:
            raise mismatch("an object", source)
        if self.prepare is not None:
            self.ready()
        reading.check_depth(depth)
        simple = self.simple
        if simple is None:
            assert self.names is not None
            self.names.decode(reading, target, source, depth)
            return
        name = ""
        chosen: JsonMember | None = None
        try:
            for name, item in source:
                member = simple.get(name)
                if member is not None:
                    if member.tag >= 0:
                        if self.is_group and chosen is not None and chosen is not member:
                            wipe(target, chosen, True)
                        chosen = member
                        target.set_u16(self.tag_offset, member.tag)
                    member.decode(reading, target, item, depth, self.is_group)
                elif reading.reject_unknown:
                    raise NotationError("the schema has no such member")
        except NotationError as error:
            raise error.inside("." + name) from None

    def decode_group(
        self,
        reading: JsonInput,
        target: AnyStructBuilder,
        member: JsonMember,
        source: Json,
        depth: int,
        in_group: bool,
    ) -> None:
        """Fill the group `member` of a struct; of what it held before, nothing is left that can be read."""
        if self.prepare is not None:
            self.ready()
        fresh = untouched(target.as_reader(), member)
        if in_group and not fresh:
            wipe(target, member, True)
            fresh = True
        if fresh:
            self.decode_struct(reading, target, source, depth)
            self.complete(target)
            return
        # A name that is repeated. Only what counts in the end may be written, since members of a union lie upon each other.
        apart = MessageBuilder().root.init_struct(self.data_words, self.pointer_count)
        self.decode_struct(reading, apart, source, depth)
        self.complete(apart)
        transfer(apart.as_reader(), target, member)

    def complete(self, target: AnyStructBuilder) -> None:
        """Write the active members of unions in a group even where they are null, as the C++ library does."""
        if self.prepare is not None:
            self.ready()
        for member in self.plain:
            if member.is_group:
                group: StructForm = member.known_form()  # type: ignore[assignment]
                group.complete(target)
        if not self.union:
            return
        active: JsonMember = self.by_tag[target.as_reader().u16(self.tag_offset)]
        if active.is_group:
            chosen: StructForm = active.known_form()  # type: ignore[assignment]
            chosen.complete(target)
        elif active.is_pointer and not target.has(active.offset):
            active.write_default(target)


class HandledStructForm(StructForm):
    """A struct for which a program has its own form.

    Args:
        title: its name.
        data_words: the size of its data section.
        pointer_count: how many pointers it has.
        write: returns plain Python for a struct.
        read: fills a struct from plain Python.
    """

    __slots__ = ("read", "write")

    def __init__(
        self,
        title: str,
        data_words: int,
        pointer_count: int,
        write: Callable[[AnyStruct], Any],
        read: Callable[[AnyStructBuilder, Any], None],
    ) -> None:
        StructForm.__init__(self, title, data_words, pointer_count, None)
        self.write = write
        self.read = read

    def encode_struct(self, out: JsonOutput, source: AnyStruct, indent: int, prefixed: bool) -> str:
        """Return what the program makes of it."""
        return out.plain(self.write(source), indent, prefixed)

    def decode_struct(self, reading: JsonInput, target: AnyStructBuilder, source: Json, depth: int) -> None:
        """Let the program fill it."""
        reading.check_depth(depth)
        self.read(target, plain(source))


def wipe(target: AnyStructBuilder, member: JsonMember, whole: bool) -> None:
    """Zero a member; of a union inside of it all members (`whole`), or the first one."""
    form = member.known_form()
    if form.is_number:
        number: NumberForm = form  # type: ignore[assignment]
        number.put(target, member.offset, 0, 0)
    elif member.is_group:
        group: StructForm = form  # type: ignore[assignment]
        group.ready()
        if group.union:
            target.set_u16(group.tag_offset, 0)
        for child in group.plain + group.union:
            if whole or child.tag <= 0:
                wipe(target, child, whole)
    else:
        target.clear(member.offset)


def untouched(source: AnyStruct, member: JsonMember) -> bool:
    """Tell whether a member, with all members of unions inside of it, holds nothing but zeros."""
    form = member.known_form()
    if form.is_number:
        number: NumberForm = form  # type: ignore[assignment]
        return number.is_default(source, member.offset)
    if not member.is_group:
        return not source.has(member.offset)
    group: StructForm = form  # type: ignore[assignment]
    group.ready()
    if group.union and source.u16(group.tag_offset) != 0:
        return False
    for child in group.plain + group.union:  # noqa: SIM110  (compiled code has no generators)
        if not untouched(source, child):
            return False
    return True


def transfer(source: AnyStruct, target: AnyStructBuilder, member: JsonMember) -> None:
    """Copy a member from one struct to another one of the same type; of a union inside of it, the active member."""
    form = member.known_form()
    if form.is_number:
        number: NumberForm = form  # type: ignore[assignment]
        number.put(target, member.offset, 0, number.get(source, member.offset, 0))
    elif member.is_group:
        group: StructForm = form  # type: ignore[assignment]
        wipe(target, member, False)
        for child in group.plain:
            transfer(source, target, child)
        active = group.by_tag.get(source.u16(group.tag_offset)) if group.union else None
        if active is not None:
            target.set_u16(group.tag_offset, active.tag)
            transfer(source, target, active)
    elif source.has(member.offset):
        target.pointer(member.offset).set(source.pointer(member.offset))
    else:
        target.clear(member.offset)


def unquoted(key: str) -> str:
    """Return the name that a string of JSON stands for."""
    import json

    return str(json.loads(key))
