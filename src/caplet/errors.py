"""Every error class of Caplet, in one tree.

    CapletError
    ├── BuildError (also ValueError)       a message that cannot be built as asked
    ├── CompileError (also ValueError)     schema text that does not compile; `diagnostics` lists everything found
    ├── DecodeError (also ValueError)      bytes that are not a well-formed message
    │   └── TruncatedError                 bytes that end inside a message
    ├── InactiveMemberError (also AttributeError, ValueError)   a union member that is not the active one was read
    ├── NotationError (also ValueError)    a value that has no form in a notation, or JSON that does not fit its schema
    ├── PluginError                        a code generator that is not there or failed
    ├── RpcError                           a call, a capability or a connection that failed, of a kind unknown to this release
    │   ├── Failed                         something went wrong (also a peer's protocol error: ProtocolError)
    │   ├── Overloaded                     no resources just now; the same call may succeed later
    │   ├── Disconnected (ConnectionError) the way to the object is lost; a new connection may help
    │   └── Unimplemented (NotImplementedError)   the object does not have that method
    └── SchemaError (also ValueError)      schema nodes that contradict each other, or that are not there

Knows names and texts only; nothing here imports another part of Caplet but the base class of values.
"""

from __future__ import annotations

from caplet.values import FrozenValue

TYPE_CHECKING = False  # what type checkers take for true; `typing` itself is not loaded
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self, TypeVar

__all__ = [
    "BuildError",
    "CapletError",
    "CompileError",
    "DecodeError",
    "Diagnostic",
    "Disconnected",
    "Failed",
    "InactiveMemberError",
    "NotationError",
    "Overloaded",
    "PluginError",
    "ProtocolError",
    "RpcError",
    "SchemaError",
    "TruncatedError",
    "Unimplemented",
    "as_rpc_error",
    "make_rpc_error",
]


class CapletError(Exception):
    """The base of every error that Caplet raises on purpose."""


class BuildError(CapletError, ValueError):
    """A message that cannot be built as asked; the text says what does not fit and why."""


class InactiveMemberError(CapletError, AttributeError, ValueError):
    """A member of a union was read that is not the active one; an `AttributeError`, so that `match` statements pass it over."""


class DecodeError(CapletError, ValueError):
    """Bytes that are not a well-formed Cap'n Proto message; the text says what is wrong and where."""


class TruncatedError(DecodeError):
    """Bytes that end inside a message; a source that ends between two messages is no error, or an `EOFError` where one was asked for."""


class Diagnostic(FrozenValue):
    """One thing wrong in a schema text.

    Args:
        filename: the file as the user named it.
        line: the line, from 1; 0 when the problem is not at a place in the text.
        column: the first column, from 1.
        end_column: the last column on the same line, at least `column`.
        message: what is wrong and what to do, in one sentence or two.
        source_line: the text of the line, `None` when it cannot be shown.
    """

    __slots__ = ("filename", "line", "column", "end_column", "message", "source_line")  # noqa: RUF023  (in the order of the arguments)

    filename: str
    line: int
    column: int
    end_column: int
    message: str
    source_line: str | None

    def __init__(
        self, filename: str, line: int, column: int, end_column: int, message: str, source_line: str | None = None
    ) -> None:
        self._hold(filename, line, column, end_column, message, source_line)

    def __str__(self) -> str:
        """The form `file:line:column-column: error: message`."""
        if not self.line:
            return f"{self.filename}: error: {self.message}"
        columns = f"{self.column}-{self.end_column}" if self.end_column > self.column else f"{self.column}"
        return f"{self.filename}:{self.line}:{columns}: error: {self.message}"

    def render(self) -> str:
        """The one-line form, with the source line and a row of carets under it when they are known."""
        if self.source_line is None or not self.line:
            return str(self)
        lead = "".join("\t" if char == "\t" else " " for char in self.source_line[: self.column - 1])
        carets = "^" * max(1, min(self.end_column, len(self.source_line)) - self.column + 1)
        return f"{self}\n    {self.source_line}\n    {lead}{carets}"


class CompileError(CapletError, ValueError):
    """Schema text that does not compile; `diagnostics` has one entry for each problem, in the order of the text."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(diagnostic.render() for diagnostic in self.diagnostics))

    def __reduce__(self) -> tuple[type[CompileError], tuple[tuple[Diagnostic, ...]]]:
        return type(self), (self.diagnostics,)


class NotationError(CapletError, ValueError):
    """A value that has no form in a notation, or JSON that does not fit its schema; the text begins with the path to it.

    Args:
        problem: what is wrong.
        path: where, as in `$.people[2].age`; without the `$`.
    """

    def __init__(self, problem: str, path: str = "") -> None:
        super().__init__(f"${path}: {problem}" if path else problem)
        self.problem = problem
        self.path = path

    def inside(self, step: str) -> NotationError:
        """Return the same error as seen from one level further out."""
        return NotationError(self.problem, step + self.path)

    def __reduce__(self) -> tuple[type[NotationError], tuple[str, str]]:
        return type(self), (self.problem, self.path)


class PluginError(CapletError):
    """A code generator that cannot be run, or that failed."""


class SchemaError(CapletError, ValueError):
    """Schema nodes that contradict each other or themselves, or a node that is not there."""


# The kinds of errors on the wire (rpc.capnp, Exception.Type).
KIND_FAILED = 0
KIND_OVERLOADED = 1
KIND_DISCONNECTED = 2
KIND_UNIMPLEMENTED = 3


class RpcError(CapletError):
    """A call, a capability or a connection that failed.

    Args:
        reason: what went wrong, in one sentence or more.
        kind: the kind as on the wire (rpc.capnp, Exception.Type); kinds that this release does not know are kept as they are.
        trace: where it went wrong at the peer, if the peer says so; empty when unknown.
        details: pairs of an id and data that travel with the error.
        fault: whose fault it is: "local" (this program), "remote" (the peer or its program), "internal" (Caplet).
    """

    default_kind = KIND_FAILED

    def __init__(
        self,
        reason: str = "",
        *,
        kind: int | None = None,
        trace: str = "",
        details: Iterable[tuple[int, bytes]] = (),
        fault: str = "local",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.kind = self.default_kind if kind is None else kind
        self.trace = trace
        self.details = tuple(details)
        self.fault = fault
        # Whether a program has seen it, or it was reported because none did; one error may be that of many calls.
        self.noticed = False

    def __str__(self) -> str:
        return self.reason

    def again(self) -> Self:
        """Return an equal error to raise; whoever keeps this one does not keep the frames that the other one passes through."""
        return _remake_rpc_error(type(self), self.args, self.__dict__)

    def __reduce__(self) -> tuple[object, ...]:
        return _remake_rpc_error, (type(self), self.args, self.__dict__)


if TYPE_CHECKING:
    AnyRpcError = TypeVar("AnyRpcError", bound=RpcError)


def _remake_rpc_error(cls: type[AnyRpcError], args: tuple[object, ...], state: dict[str, object]) -> AnyRpcError:
    """Return an equal error; not by a call of the class, since those of programs may want other arguments."""
    made = cls.__new__(cls)
    made.args = args
    made.__dict__.update(state)
    return made


class Failed(RpcError):
    """Something went wrong; the same call would most likely fail again."""


class ProtocolError(Failed):
    """The peer did what the protocol forbids; its connection ends with this reason."""

    def __init__(self, reason: str = "", **more: object) -> None:
        more.setdefault("fault", "remote")
        super().__init__(reason, **more)  # type: ignore[arg-type]


class Overloaded(RpcError):
    """Resources are short just now; the same call may succeed later."""

    default_kind = KIND_OVERLOADED


class Disconnected(RpcError, ConnectionError):
    """The way to the object is lost; a new connection may help."""

    default_kind = KIND_DISCONNECTED


class Unimplemented(RpcError, NotImplementedError):
    """The object does not have that method, or the peer does not know that message."""

    default_kind = KIND_UNIMPLEMENTED


_RPC_ERRORS: dict[int, type[RpcError]] = {
    KIND_FAILED: Failed,
    KIND_OVERLOADED: Overloaded,
    KIND_DISCONNECTED: Disconnected,
    KIND_UNIMPLEMENTED: Unimplemented,
}


def make_rpc_error(
    kind: int, reason: str, *, trace: str = "", details: Iterable[tuple[int, bytes]] = (), fault: str = "remote"
) -> RpcError:
    """Return the error of the class that stands for `kind`; unknown kinds give a plain `RpcError` that keeps the number."""
    return _RPC_ERRORS.get(kind, RpcError)(reason, kind=kind, trace=trace, details=details, fault=fault)


def as_rpc_error(error: BaseException) -> RpcError:
    """Return what a caller is told of any exception: its type and message; `RpcError` is passed on as it is, but for where it came from."""
    if isinstance(error, RpcError):
        return error if error.__traceback__ is None else error.again()
    try:
        text = str(error)
    except Exception:  # an error without a message is better than none
        text = ""
    if issubclass(type(error), BaseExceptionGroup):
        inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
        text = f"{text}: {'; '.join(as_rpc_error(one).reason for one in inner)}"
    reason = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, NotImplementedError):
        return Unimplemented(reason)
    return Failed(reason)
