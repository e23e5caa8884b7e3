"""What the names in a JSON object stand for, where members are flattened into the object around them or a union has a discriminator.

Knows which names a struct has, and in which order members of an object can be taken: some say what others mean. Does not know how values are written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import NotationError, SchemaError
from caplet.notation.json_structs import JsonMember, StructForm, wipe
from caplet.notation.json_values import mismatch

if TYPE_CHECKING:
    from caplet.notation.json_forms import JsonInput
    from caplet.notation.json_values import Json
    from caplet.wire.untyped_builder import AnyStructBuilder

__all__ = ["JsonNames"]

# What a name is: a member; one of a flattened member; the discriminator; the value of the active member; one of whichever flattened member is active.
MEMBER = 0
FLATTENED = 1
TAG = 2
VALUE = 3
CHOSEN = 4

# How many names an object may have: flattened into each other, a few structs can have more than there is memory for.
MOST_NAMES = 100_000


class JsonName:
    """What a name stands for.

    Slots: `kind` what it is; `member` the member, or the flattened one that has it; `inner` its name in that; `choices` the same by tag, for the
    flattened members of a union.
    """

    __slots__ = ("choices", "inner", "kind", "member")

    def __init__(self, kind: int, member: JsonMember | None, inner: str) -> None:
        self.kind = kind
        self.member = member
        self.inner = inner
        self.choices: dict[int, str] = {}


class Filling:
    """A struct that is being filled.

    Args:
        reading: how to read.
        depth: how deep it is nested.
    """

    __slots__ = ("depth", "reading", "tags")

    def __init__(self, reading: JsonInput, depth: int) -> None:
        self.reading = reading
        self.depth = depth
        # Where the tags lie that a discriminator has set: a union behind a pointer that was cleared has to be told again.
        self.tags: set[tuple[int, int]] = set()


class JsonNames:
    """The names of a struct.

    Args:
        form: the struct, with its members.

    Raises:
        SchemaError: two members have the same name, or it is flattened into itself.
    """

    __slots__ = ("by_tag_name", "form", "names")

    def __init__(self, form: StructForm) -> None:
        self.form = form
        self.names: dict[str, JsonName] = {}
        self.by_tag_name = {member.name: member for member in form.union}
        if form.tag_name is not None:
            self.add(form.tag_name, JsonName(TAG, None, ""))
            if len(self.by_tag_name) != len(form.union):
                raise SchemaError(f"two members of the union of {form.title} have the same name in JSON")
        if form.value_name is not None:
            self.add(form.value_name, JsonName(VALUE, None, ""))
        for member in form.plain + form.union:
            if member.prefix is not None:
                self.add_flattened(member)
            elif member.tag < 0 or form.value_name is None:
                self.add(member.name, JsonName(MEMBER, member, ""))

    def add(self, name: str, found: JsonName) -> None:
        """Add a name.

        Raises:
            SchemaError: it is there already, or there are too many.
        """
        if name in self.names:
            raise SchemaError(f"two members of {self.form.title} are called '{name}' in JSON")
        if len(self.names) >= MOST_NAMES:
            raise SchemaError(f"{self.form.title} has too many names in JSON")
        self.names[name] = found

    def add_flattened(self, member: JsonMember) -> None:
        """Add the names of a flattened member."""
        prefix = member.prefix or ""
        for inner in inner_names(member):
            name = prefix + inner
            if member.tag < 0:
                self.add(name, JsonName(FLATTENED, member, inner))
                continue
            found = self.names.get(name)
            if found is None or found.kind != CHOSEN:
                found = JsonName(CHOSEN, member, inner)
                self.add(name, found)
            found.choices[member.tag] = inner

    def decode(
        self, reading: JsonInput, target: AnyStructBuilder, source: tuple[tuple[str, Json], ...], depth: int
    ) -> None:
        """Fill a struct: what cannot be understood yet is tried again behind the others, as long as that helps.

        Raises:
            NotationError: a member does not fit.
        """
        filling = Filling(reading, depth)
        waiting: list[tuple[str, Json]] = list(source)
        name = ""
        try:
            while waiting:
                later: list[tuple[str, Json]] = []
                for name, item in waiting:
                    if not self.decode_member(filling, target, name, item, self.form.is_group):
                        later.append((name, item))
                if len(later) == len(waiting):
                    name = later[0][0]
                    if reading.reject_unknown:
                        raise NotationError("nothing says which member of the union this belongs to")
                    return
                waiting = later
        except NotationError as error:
            raise error.inside("." + name) from None

    def decode_member(self, filling: Filling, target: AnyStructBuilder, name: str, item: Json, in_group: bool) -> bool:
        """Take a member of an object; False when nothing has said yet what it means.

        Args:
            filling: the struct that the object describes.
            target: that struct, or the flattened member of it that has the name.
            name: the member's name.
            item: its value.
            in_group: whether the target lies in a group, of which only what counts in the end is kept.
        """
        found = self.names.get(name)
        if found is None:
            if filling.reading.reject_unknown:
                raise NotationError("the schema has no such member")
            return True
        member = found.member
        if member is not None and found.kind != CHOSEN:
            if found.kind == FLATTENED:
                inside = in_group and member.is_group
                return names_of(member).decode_member(filling, member.inside(target), found.inner, item, inside)
            if member.tag >= 0:
                self.activate(target, member, in_group)
            member.decode(filling.reading, target, item, filling.depth, in_group)
            return True
        place = (id(target._segment), target._data + self.form.tag_offset)  # pyright: ignore[reportPrivateUsage]
        if found.kind == TAG:
            if type(item) is not str:
                raise mismatch("the name of a member of the union", item)
            named = self.by_tag_name.get(item)
            if named is not None:
                if place in filling.tags:
                    raise NotationError("the member of the union is named twice")
                self.activate(target, named, in_group)
                wipe(target, named, in_group)
                filling.tags.add(place)
            return True
        if self.form.tag_name is None and member is not None and place not in filling.tags:
            # Without a discriminator, the first name that belongs to one of the members says which it is.
            self.activate(target, member, in_group)
            filling.tags.add(place)
        if place not in filling.tags:
            return False
        return self.decode_active(filling, target, found, item, in_group)

    def decode_active(
        self, filling: Filling, target: AnyStructBuilder, found: JsonName, item: Json, in_group: bool
    ) -> bool:
        """Take a member of an object for the active member of the union, or for a member of that; as `decode_member` does."""
        active: JsonMember = self.form.by_tag[target.as_reader().u16(self.form.tag_offset)]
        if found.kind == VALUE:
            active.decode(filling.reading, target, item, filling.depth, in_group)
            return True
        if active.prefix is None:
            raise NotationError(f"this belongs to another member of the union than '{active.name}', which is chosen")
        place = active.inside(target)
        inner = found.choices.get(active.tag)
        if inner is not None:
            return names_of(active).decode_member(filling, place, inner, item, in_group and active.is_group)
        if filling.reading.reject_unknown:
            raise NotationError(f"'{active.name}', the chosen member of the union, has no such member")
        return True

    def activate(self, target: AnyStructBuilder, member: JsonMember, in_group: bool) -> None:
        """Make a member of the union the active one."""
        if in_group:
            former = self.form.by_tag.get(target.as_reader().u16(self.form.tag_offset))
            if former is not None and former is not member:
                wipe(target, former, True)
        target.set_u16(self.form.tag_offset, member.tag)


def names_of(member: JsonMember) -> JsonNames:
    """Return the names of a flattened member."""
    form: StructForm = member.known_form()  # type: ignore[assignment]
    form.ready()
    if form.names is None:
        # It is made of the members when it is first needed, or it is being made right now.
        if form.simple is None:
            raise SchemaError("a struct is flattened into itself")
        form.names = JsonNames(form)
    return form.names


def inner_names(member: JsonMember) -> list[str]:
    """Return the names of a flattened member's members."""
    return list(names_of(member).names)
