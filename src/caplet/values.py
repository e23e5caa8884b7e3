"""Objects that are values: they are equal when what they hold is equal, and never change.

Knows what every value can do. Does not know any of them; it is for those that `import caplet` loads, where `dataclasses` with what it needs would
take longer than all of the rest.
"""

from __future__ import annotations

__all__ = ["FrozenValue"]

TYPE_CHECKING = False  # what type checkers take for true; `typing` itself is not loaded
if TYPE_CHECKING:
    from typing import Self


class FrozenValue:
    """A value; its fields are its slots, in the order of the arguments that make it."""

    __slots__: tuple[str, ...] = ()

    def _hold(self, *content: object) -> None:
        """Set every field, once."""
        for name, item in zip(self.__slots__, content, strict=True):
            object.__setattr__(self, name, item)

    def _content(self) -> tuple[object, ...]:
        """Return what every field holds."""
        return tuple([getattr(self, name) for name in self.__slots__])

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._content() == other._content()

    def __hash__(self) -> int:
        return hash(self._content())

    def __repr__(self) -> str:
        shown = ", ".join([f"{name}={getattr(self, name)!r}" for name in self.__slots__])
        return f"{type(self).__name__}({shown})"

    def __replace__(self, /, **changes: object) -> Self:
        """Return another with some fields changed; what `copy.replace` calls."""
        return type(self)(**{**dict(zip(self.__slots__, self._content(), strict=True)), **changes})

    def __reduce__(self) -> tuple[type[Self], tuple[object, ...]]:
        return type(self), self._content()
