"""Immutable classes with slots, made quickly.

Knows how a class body with annotated attributes becomes a frozen class; the standard library's dataclasses do the same,
but take so long to make a class that importing the schema model would cost more than everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

__all__ = ["record", "replace"]

Class = TypeVar("Class")
Instance = TypeVar("Instance")


@dataclass_transform(frozen_default=True)
def record(cls: type[Class]) -> type[Class]:
    """Makes a frozen class with slots, equality, hash and repr of a class body, as `dataclass` would."""
    fields: dict[str, Any] = {}
    missing = object()
    for base in reversed(cls.__mro__[1:]):
        fields.update(getattr(base, "_record_fields", {}))
    namespace = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    own = [name for name, kind in namespace.get("__annotations__", {}).items() if not str(kind).startswith("ClassVar")]
    defaults = {name: namespace.pop(name) for name in own if name in namespace}
    fields.update({name: defaults.get(name, missing) for name in own})
    for name, method in _METHODS.items():
        namespace.setdefault(name, method)
    if "__eq__" not in cls.__dict__:
        namespace["__hash__"] = _hash
    namespace["__slots__"] = tuple(own)
    namespace["_record_fields"] = fields
    namespace["_record_key"] = staticmethod(attrgetter(*fields) if fields else lambda instance: ())
    made: Any = type(cls.__name__, cls.__bases__, namespace)
    made.__init__ = _make_init(made, fields, missing)
    result: type[Class] = made
    return result


def _make_init(cls: type, fields: dict[str, Any], missing: object) -> Callable[..., None]:
    names: dict[str, Any] = {}
    parameters: list[str] = []
    body: list[str] = []
    for name, default in fields.items():
        names["set_" + name] = getattr(cls, name).__set__
        if default is missing:
            parameters.append(name)
        else:
            names["default_" + name] = default
            parameters.append(f"{name}=default_{name}")
        body.append(f"  set_{name}(self, {name})")
    source = f"def __init__(self, {', '.join(parameters)}):\n" + ("\n".join(body) or "  pass")
    exec(source, names)
    made: Callable[..., None] = names["__init__"]
    return made


def replace(instance: Instance, **changes: object) -> Instance:
    """Returns a copy of a record with some attributes changed."""
    source: Any = instance
    values: dict[str, Any] = {name: getattr(source, name) for name in source._record_fields}
    made: Instance = type(instance)(**{**values, **changes})
    return made


def _setattr(self: object, name: str, value: object) -> NoReturn:
    raise AttributeError(f"{type(self).__name__} objects cannot be changed")


def _delattr(self: object, name: str) -> NoReturn:
    raise AttributeError(f"{type(self).__name__} objects cannot be changed")


def _eq(self: Any, other: Any) -> object:
    if type(self) is not type(other):
        return NotImplemented
    return bool(self._record_key(self) == self._record_key(other))


def _hash(self: Any) -> int:
    return hash((self.__class__, self._record_key(self)))


def _repr(self: Any) -> str:
    inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._record_fields)
    return f"{type(self).__name__}({inner})"


def _reduce(self: Any) -> tuple[type[object], tuple[object, ...]]:
    return self.__class__, tuple(getattr(self, name) for name in self._record_fields)


_METHODS: dict[str, Callable[..., Any]] = {
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__eq__": _eq,
    "__repr__": _repr,
    "__reduce__": _reduce,
}
