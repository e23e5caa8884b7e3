"""Structs in JSON, both ways: which members an object has, and what each member of an object stands for.

Knows layout, unions, discriminators and members that are flattened into the object around them. The plan of a struct is made by `json_plan`,
when it is first needed.
"""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

from caplet.errors import NotationError, SchemaError
from caplet.notation.json_forms import JsonForm, JsonInput, JsonOutput
from caplet.notation.json_numbers import NumberForm
from caplet.notation.json_values import mismatch, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from caplet.notation.json_values import Json
    from caplet.wire.untyped import AnyPointer, AnyStruct
    from caplet.wire.untyped_builder import AnyListBuilder, AnyPointerBuilder, AnyStructBuilder

__all__ = ["Entry", "HandledStructForm", "JsonMember", "StructForm"]

FLATTENED = 64


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

    def decode(self, reading: JsonInput, target: AnyStructBuilder, source: Json, depth: int) -> None:
        """Set it in a struct.

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
            form.decode_struct(reading, target, source, depth + 1)
        else:
            form.decode(reading, target.pointer(self.offset), source, depth + 1)

    def inside(self, target: AnyStructBuilder) -> AnyStructBuilder:
        """Return the struct or group that it is, made when it is not there."""
        if self.is_group:
            return target
        form: StructForm = self.known_form()  # type: ignore[assignment]
        return target.pointer(self.offset).struct(form.data_words, form.pointer_count)


class Entry:
    """What a member of a JSON object stands for.

    Slots: `path` the flattened members on the way to `owner`, the struct or group that has the member; `member`, None for the discriminator of the
    owner's union, or (`is_value`) for the value of whichever is active; `choices` the unions on the way, each with its path, its owner and
    the member that has to be active.
    """

    __slots__ = ("choices", "is_value", "member", "owner", "path")

    def __init__(
        self,
        path: tuple[JsonMember, ...],
        owner: StructForm,
        member: JsonMember | None,
        is_value: bool,
        choices: tuple[tuple[tuple[JsonMember, ...], StructForm, JsonMember], ...],
    ) -> None:
        self.path = path
        self.owner = owner
        self.member = member
        self.is_value = is_value
        self.choices = choices


class Filling:
    """A struct that is being filled from an object with flattened members.

    Args:
        target: the struct.
    """

    __slots__ = ("active", "places")

    def __init__(self, target: AnyStructBuilder) -> None:
        self.places: dict[tuple[JsonMember, ...], AnyStructBuilder] = {(): target}
        self.active: dict[tuple[JsonMember, ...], JsonMember] = {}

    def place(self, path: tuple[JsonMember, ...]) -> AnyStructBuilder:
        """Return the struct or group to which flattened members lead, made when it is not there."""
        found = self.places.get(path)
        if found is None:
            # Compiled, indexes do not count from the end.
            last = len(path) - 1
            found = self.places[path] = path[last].inside(self.place(path[:last]))
        return found

    def choose(self, path: tuple[JsonMember, ...], owner: StructForm, member: JsonMember) -> None:
        """Make a member of a union the active one."""
        self.active[path] = member
        self.place(path).set_u16(owner.tag_offset, member.tag)


class StructForm(JsonForm):
    """A struct or group: an object.

    Slots: `weight` what one costs to be written out, in words; `is_group` whether it lies inside another struct; `plain` the members outside of the union and `union` those inside; `tag_offset` where the union's tag is, in bytes; `tag_name` the name of
    the discriminator and `value_name` that of the value, None without; `simple` the members by name when none is flattened and there is no
    discriminator; `table` what each name stands for otherwise.
    """

    __slots__ = (
        "by_tag",
        "data_words",
        "is_group",
        "plain",
        "pointer_count",
        "prepare",
        "simple",
        "table",
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
        self.table: dict[str, list[Entry]] | None = None

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
            if self.value_name is not None:
                name = self.value_name
            if active.is_void:
                return
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
            self.decode_members(reading, target, source, depth)
            return
        name = ""
        chosen: JsonMember | None = None
        try:
            for name, item in source:
                member = simple.get(name)
                if member is not None:
                    if member.tag >= 0:
                        if chosen is not None and chosen is not member:
                            self.replace(target, chosen, member)
                        chosen = member
                        target.set_u16(self.tag_offset, member.tag)
                    member.decode(reading, target, item, depth)
                elif reading.reject_unknown:
                    raise NotationError("the schema has no such member")
        except NotationError as error:
            raise error.inside("." + name) from None

    def replace(self, target: AnyStructBuilder, former: JsonMember, member: JsonMember) -> None:
        """Take away what an earlier member of the union left where a later one is read, as far as the C++ library does."""
        if self.is_group:
            wipe(target, former, True)
        if member.is_group:
            wipe(target, member, False)

    def decode_members(
        self, reading: JsonInput, target: AnyStructBuilder, source: tuple[tuple[str, Json], ...], depth: int
    ) -> None:
        """Fill a struct: the discriminators first, because they say what other names mean."""
        table = self.known_table()
        filling = Filling(target)
        rest: list[tuple[str, Json, list[Entry]]] = []
        name = ""
        try:
            for name, item in source:
                entries = table.get(name)
                if entries is None:
                    if reading.reject_unknown:
                        raise NotationError("the schema has no such member")
                    continue
                tags = [entry for entry in entries if entry.member is None and not entry.is_value]
                for entry in tags:
                    choose_by_name(filling, entry, item)
                if not tags:
                    rest.append((name, item, entries))
            for name, item, entries in rest:  # noqa: B007  (the name is for errors)
                for entry in entries:
                    if decode_entry(reading, filling, entry, item, depth):
                        break
        except NotationError as error:
            raise error.inside("." + name) from None

    # --- names --------------------------------------------------------------------------------------------------------

    def known_table(self) -> dict[str, list[Entry]]:
        """Return what the members of an object stand for, by name."""
        if self.table is None:
            table: dict[str, list[Entry]] = {}
            self.fill_table(table, "", (), (), 0)
            self.table = table
        return self.table

    def fill_table(self, table: dict[str, list[Entry]], prefix: str, path: Any, choices: Any, depth: int) -> None:
        """Add its members, and those of flattened ones.

        Args:
            table: what each name stands for.
            prefix: what stands before the names.
            path: the flattened members on the way here.
            choices: the unions on the way here.
            depth: how many of them there are.

        Raises:
            SchemaError: it is flattened into itself.
        """
        if depth > FLATTENED:
            raise SchemaError("a struct is flattened into itself")
        self.ready()
        for member in self.plain:
            self.fill_member(table, member, prefix, path, choices, depth)
        if self.tag_name is not None:
            table.setdefault(prefix + self.tag_name, []).append(Entry(path, self, None, False, choices))
            if self.value_name is not None:
                table.setdefault(prefix + self.value_name, []).append(Entry(path, self, None, True, choices))
        for member in self.union:
            if self.tag_name is None or self.value_name is None or member.prefix is not None:
                self.fill_member(table, member, prefix, path, (*choices, (path, self, member)), depth)

    def fill_member(
        self, table: dict[str, list[Entry]], member: JsonMember, prefix: str, path: Any, choices: Any, depth: int
    ) -> None:
        """Add a member, or those of a flattened one; the arguments are those of `fill_table`."""
        if member.prefix is None:
            table.setdefault(prefix + member.name, []).append(Entry(path, self, member, False, choices))
        else:
            inner: StructForm = member.known_form()  # type: ignore[assignment]
            inner.fill_table(table, prefix + member.prefix, (*path, member), choices, depth + 1)


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
    if member.handler is not None:
        return
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


def unquoted(key: str) -> str:
    """Return the name that a string of JSON stands for."""
    import json

    return str(json.loads(key))


def choose_by_name(filling: Filling, entry: Entry, item: Json) -> None:
    """Take a discriminator; a name that the schema does not have changes nothing."""
    if type(item) is not str:
        raise mismatch("the name of a member of the union", item)
    for path, _, member in entry.choices:
        if filling.active.get(path) is not member:
            return
    for member in entry.owner.union:
        if member.name == item:
            filling.choose(entry.path, entry.owner, member)


def decode_entry(reading: JsonInput, filling: Filling, entry: Entry, item: Json, depth: int) -> bool:
    """Take a member of an object for what an entry says; False when a union on the way has another member active."""
    for path, owner, choice in entry.choices:
        active = filling.active.get(path)
        if choice.prefix is not None and active is not choice and (active is not None or owner.tag_name is not None):
            return False
    member = entry.member if entry.member is not None else filling.active.get(entry.path)
    if member is None:
        return False
    for path, owner, chosen in entry.choices:
        filling.choose(path, owner, chosen)
    member.decode(reading, filling.place(entry.path), item, depth)
    return True
