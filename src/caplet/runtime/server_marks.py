"""What is said about the methods of Server classes by decorators.

Knows the marks and how they are read. Does not know what is done because of them (`server_methods.py`, `servers.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from caplet.runtime.servers import Server

__all__ = ["by_context", "cancellable", "on_release", "release_hooks", "shortenable", "takes_context"]

_BY_CONTEXT = "_caplet_by_context"
_CANCELLABLE = "_caplet_cancellable"
_ON_RELEASE = "_caplet_on_release"
_SHORTENABLE = "_caplet_shortenable"

Decorated = TypeVar("Decorated")
Owner = TypeVar("Owner")
Context = TypeVar("Context")
Outcome = TypeVar("Outcome")
ServerClass = TypeVar("ServerClass", bound="type[Server]")
Hook = TypeVar("Hook", bound=Callable[..., Awaitable[None] | None])


def cancellable(allowed: bool) -> Callable[[Decorated], Decorated]:
    """Say whether running calls of a server method, or of all methods of a Server class, stop when their caller cancels.

    Args:
        allowed: True: the method sees `CancelledError` at its next await. False: it runs on, and its results are discarded.
    """

    def decorate(decorated: Decorated) -> Decorated:
        setattr(decorated, _CANCELLABLE, allowed)
        return decorated

    return decorate


def by_context(method: Callable[[Owner, Context], Outcome]) -> Callable[..., Outcome]:
    """Let a server method take one argument, its `CallContext`, whatever the params are: `context.params` is one reader of all of them.

    Args:
        method: a method with one parameter beside the object.
    """
    setattr(method, _BY_CONTEXT, True)
    return method


def on_release(method: Hook) -> Hook:
    """Let a method of a Server class be called when the last reference to the object goes, also by the end of a connection.

    It is called again when the object was given away anew and released again. Its errors are logged.

    Args:
        method: a method without parameters, asynchronous or not, under a name of no method of the interface.
    """
    setattr(method, _ON_RELEASE, True)
    return method


def shortenable(owner: ServerClass) -> ServerClass:
    """Say that objects of a Server class may announce, by `shorten`, that they stand for another object: peers are told to expect it.

    Args:
        owner: the class.
    """
    setattr(owner, _SHORTENABLE, True)
    return owner


# --- how marks are read ---------------------------------------------------------------------------------------------------------------


def takes_context(function: object) -> bool:
    """Tell whether a method is marked by `by_context`."""
    return getattr(function, _BY_CONTEXT, False)


def may_be_cancelled(function: object, owner: type[Server]) -> bool | None:
    """Return what is said about cancelling a method, or else about its class; None when nothing is."""
    allowed: bool | None = getattr(function, _CANCELLABLE, None)
    return getattr(owner, _CANCELLABLE, None) if allowed is None else allowed


def may_shorten(owner: type[Server]) -> bool:
    """Tell whether a class is marked by `shortenable`."""
    return getattr(owner, _SHORTENABLE, False)


def release_hooks(owner: type[Server]) -> list[str]:
    """Return the names of the methods that are marked by `on_release`, those of derived classes first."""
    names = dict.fromkeys(name for cls in owner.__mro__ for name in vars(cls))
    return [name for name in names if getattr(getattr(owner, name, None), _ON_RELEASE, False)]
