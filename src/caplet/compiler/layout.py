"""Where the fields of a struct lie.

Knows sizes, holes and how the members of a union share space, nothing about types or names. Fields must be added in
ordinal order: then a schema that grows keeps the places of its old fields. The places are the same as those that the
C++ compiler chooses, since otherwise two programs with the same schema could not talk.

Sizes are given as the binary logarithm of the number of bits (0 for a Bool, 6 for 64 bits), offsets in units of the
size.
"""

from __future__ import annotations

from typing import Final, Protocol

__all__ = ["MemberSpace", "Space", "StructSpace", "UnionSpace"]

WORD: Final = 6
DISCRIMINANT: Final = 4


class Space(Protocol):
    """Something in which fields get places: a struct, or one member of a union."""

    def add_void(self) -> None:
        """Takes note of a field without size."""

    def add_data(self, size: int) -> int:
        """Finds a place for a field of 2**size bits and returns its offset."""
        ...

    def add_pointer(self) -> int:
        """Finds a place for a pointer and returns its index."""
        ...

    def expand(self, size: int, offset: int, factor: int) -> bool:
        """Tries to make a place 2**factor times as large where it is; says whether that worked."""
        ...


class Holes:
    """The unused gaps inside used space: at most one of each size below a word.

    A gap of each size is enough: a field takes the smallest gap that has room, from its start, and what remains of it
    are gaps of sizes that were not there before. Offset 0 means no gap, since the first field always lies at 0.
    """

    __slots__ = ("offsets",)

    def __init__(self) -> None:
        self.offsets = [0] * WORD

    def take(self, size: int) -> int | None:
        """Takes a place from the smallest gap that has room."""
        for found in range(size, WORD):
            offset = self.offsets[found]
            if offset:
                self.offsets[found] = 0
                while found > size:
                    found -= 1
                    offset *= 2
                    self.offsets[found] = offset + 1
                return offset
        return None

    def add_behind(self, size: int, offset: int, limit: int) -> None:
        """Adds the gaps between a place that was just taken and the end of the space of size `limit` around it."""
        while size < limit:
            self.offsets[size] = offset
            size += 1
            offset = (offset + 1) // 2

    def smallest(self, size: int) -> int | None:
        """Returns the size of the smallest gap that has room."""
        for found in range(size, WORD):
            if self.offsets[found]:
                return found
        return None

    def expand(self, size: int, offset: int, factor: int) -> bool:
        """Joins a place with the gaps right behind it, if all that are needed are there."""
        gaps: list[int] = []
        for _ in range(factor):
            if size >= WORD or self.offsets[size] != offset + 1:
                return False
            gaps.append(size)
            size += 1
            offset >>= 1
        for gap in gaps:
            self.offsets[gap] = 0
        return True


class StructSpace:
    """The sections of a whole struct; groups outside of unions add their fields here too."""

    __slots__ = ("data_words", "holes", "pointers")

    def __init__(self) -> None:
        self.data_words = 0
        self.pointers = 0
        self.holes = Holes()

    def add_void(self) -> None:
        """A Void field takes no place."""

    def add_data(self, size: int) -> int:
        """Takes a gap, or else a new word at the end."""
        found = self.holes.take(size)
        if found is not None:
            return found
        offset = self.data_words << (WORD - size)
        self.data_words += 1
        self.holes.add_behind(size, offset + 1, WORD)
        return offset

    def add_pointer(self) -> int:
        """Takes the next pointer."""
        self.pointers += 1
        return self.pointers - 1

    def expand(self, size: int, offset: int, factor: int) -> bool:
        """Grows a place over the gaps behind it."""
        return self.holes.expand(size, offset, factor)


class Location:
    """A piece of data space that belongs to a union and is shared by its members."""

    __slots__ = ("offset", "size")

    def __init__(self, size: int, offset: int) -> None:
        self.size = size
        self.offset = offset

    def grow(self, union: UnionSpace, size: int) -> bool:
        """Makes the piece as large as `size`, if the space around the union allows that."""
        if size <= self.size:
            return True
        if not union.parent.expand(self.size, self.offset, size - self.size):
            return False
        self.offset >>= size - self.size
        self.size = size
        return True


class UnionSpace:
    """The space of a union: pieces that its members share, and the discriminant."""

    __slots__ = ("discriminant", "locations", "members", "parent", "pointers")

    def __init__(self, parent: Space) -> None:
        self.parent = parent
        self.members = 0
        self.discriminant: int | None = None
        self.locations: list[Location] = []
        self.pointers: list[int] = []

    def add_member(self) -> None:
        """Counts a member that got its first field; the second one makes the discriminant necessary."""
        self.members += 1
        if self.members == 2:
            self.add_discriminant()

    def add_discriminant(self) -> bool:
        """Gives the discriminant its place; says whether it had none before."""
        if self.discriminant is not None:
            return False
        self.discriminant = self.parent.add_data(DISCRIMINANT)
        return True


class MemberSpace:
    """The space of one member of a union: a group, or a single field."""

    __slots__ = ("has_fields", "pointers", "union", "usages")

    def __init__(self, union: UnionSpace) -> None:
        self.union = union
        self.has_fields = False
        self.pointers = 0
        self.usages: list[Usage] = []

    def add_void(self) -> None:
        """Lets the unions around know that a field exists: it may be what makes a discriminant necessary."""
        self.note_field()
        self.union.parent.add_void()

    def note_field(self) -> None:
        """Counts this member when it gets its first field."""
        if not self.has_fields:
            self.has_fields = True
            self.union.add_member()

    def add_data(self, size: int) -> int:
        """Takes the smallest free place in the union's pieces, or grows one of them, or adds one."""
        self.note_field()
        locations = self.union.locations
        while len(self.usages) < len(locations):
            self.usages.append(Usage())
        best: tuple[int, int] | None = None
        for index, location in enumerate(locations):
            room = self.usages[index].smallest(location, size)
            if room is not None and (best is None or room < best[0]):
                best = (room, index)
        if best is not None:
            return self.usages[best[1]].take(locations[best[1]], size)
        for usage, location in zip(self.usages, locations, strict=True):
            offset = usage.take_by_growing(self.union, location, size)
            if offset is not None:
                return offset
        offset = self.union.parent.add_data(size)
        locations.append(Location(size, offset))
        self.usages.append(Usage(size))
        return offset

    def add_pointer(self) -> int:
        """Takes the next of the pointers that the members share, or a new one."""
        self.note_field()
        shared = self.union.pointers
        self.pointers += 1
        if self.pointers > len(shared):
            shared.append(self.union.parent.add_pointer())
        return shared[self.pointers - 1]

    def expand(self, size: int, offset: int, factor: int) -> bool:
        """Grows a place inside the piece in which it lies, or with that piece."""
        if size + factor > WORD or offset & ((1 << factor) - 1):
            return False
        for usage, location in zip(self.usages, self.union.locations, strict=False):
            if location.size >= size and offset >> (location.size - size) == location.offset:
                inner = offset - (location.offset << (location.size - size))
                return usage.expand(self.union, location, size, inner, factor)
        return False


class Usage:
    """How much of a union's piece one member uses; `used` is the size of the used beginning, None when nothing is."""

    __slots__ = ("holes", "used")

    def __init__(self, used: int | None = None) -> None:
        self.used = used
        self.holes = Holes()

    def smallest(self, location: Location, size: int) -> int | None:
        """Returns the size of the smallest free place that has room, without growing the piece."""
        if self.used is None:
            return location.size if size <= location.size else None
        if size >= self.used:
            return size if size < location.size else None
        room = self.holes.smallest(size)
        if room is None and self.used < location.size:
            return self.used
        return room

    def take(self, location: Location, size: int) -> int:
        """Takes the place that `smallest` has found."""
        if self.used is None:
            offset = 0
            self.used = size
        elif size >= self.used:
            self.holes.add_behind(self.used, 1, size)
            self.used = size + 1
            offset = 1
        else:
            found = self.holes.take(size)
            if found is None:
                found = 1 << (self.used - size)
                self.holes.add_behind(size, found + 1, self.used)
                self.used += 1
            offset = found
        return (location.offset << (location.size - size)) + offset

    def take_by_growing(self, union: UnionSpace, location: Location, size: int) -> int | None:
        """Takes a place by making the piece larger, or returns None when it cannot grow."""
        if self.used is None:
            if not location.grow(union, size):
                return None
            self.used = size
            return location.offset << (location.size - size)
        wanted = max(self.used, size) + 1
        if not location.grow(union, wanted):
            return None
        self.holes.add_behind(self.used, 1, wanted)
        self.used = wanted
        offset = self.holes.take(size)
        return None if offset is None else (location.offset << (location.size - size)) + offset

    def expand(self, union: UnionSpace, location: Location, size: int, offset: int, factor: int) -> bool:
        """Grows a place: with everything that is used when it is all of it, else over the gaps behind it."""
        if offset == 0 and self.used == size:
            if not location.grow(union, size + factor):
                return False
            self.used = size + factor
            return True
        return self.holes.expand(size, offset, factor)
