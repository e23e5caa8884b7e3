"""Every limit that protects a program from its peers and from damaged input, with its default.

Knows numbers only; where each is enforced is said beside it.
"""

from __future__ import annotations

from caplet.values import FrozenValue

__all__ = ["DEFAULT_LIMITS", "SCHEMA_NESTING", "Limits"]

# What is larger bounds nothing on any machine, and would not fit the numbers of compiled modules when it is multiplied.
LARGEST = 1 << 56
LARGEST_NESTING = 1 << 30


class Limits(FrozenValue):
    """Bounds for reading messages and for one connection.

    Args:
        traversal_words: how many words (8 bytes) the pointers of one message may lead to, repeats counted; also the largest
            message, in words, that a stream accepts (encoding reference, traversal limit).
        nesting: how many pointers deep a message may be read.
        segments: how many segments a message on a stream may have.
        message_words: how large a message we send may be, in words; a larger call or result fails alone.
        questions: how many calls to one peer may be open.
        answers: how many calls of one peer may be open; more are answered as overloaded.
        exports: how many objects one peer may hold references to.
        imports: how many objects of one peer may be referred to.
        embargoes: how many resolved promises may wait for one peer's Disembargo.
        pipeline_operations: how long the path of a pipelined call may be.
        call_words: how many words of unanswered calls of one peer may be held; beyond it nothing more is read from that peer, or,
            while calls to it are open, its new calls are answered as overloaded.
        unsent_words: how many words may wait to be sent to one peer; beyond it the connection ends.
        message_fds: how many file descriptors one message of a peer may bring, over a Unix socket; more are closed unseen, 0 for none.
        held_fds: how many descriptors the objects of one peer may hold; those that come beyond it are closed.

    A number beyond 2**56, such as 2**64 - 1, is held as 2**56, and for `nesting` one beyond 2**30 as 2**30.

    Raises:
        TypeError: a bound is no integer.
        ValueError: a bound is below zero.
    """

    __slots__ = (  # noqa: RUF023  (in the order of the arguments)
        "traversal_words",
        "nesting",
        "segments",
        "message_words",
        "questions",
        "answers",
        "exports",
        "imports",
        "embargoes",
        "pipeline_operations",
        "call_words",
        "unsent_words",
        "message_fds",
        "held_fds",
    )

    traversal_words: int
    nesting: int
    segments: int
    message_words: int
    questions: int
    answers: int
    exports: int
    imports: int
    embargoes: int
    pipeline_operations: int
    call_words: int
    unsent_words: int
    message_fds: int
    held_fds: int

    def __init__(
        self,
        traversal_words: int = 8 * 1024 * 1024,
        nesting: int = 64,
        segments: int = 511,
        message_words: int = 8 * 1024 * 1024,
        questions: int = 1 << 20,
        answers: int = 1 << 20,
        exports: int = 1 << 20,
        imports: int = 1 << 20,
        embargoes: int = 1 << 16,
        pipeline_operations: int = 1 << 10,
        call_words: int = 32 * 1024 * 1024,
        unsent_words: int = 128 * 1024 * 1024,
        message_fds: int = 16,
        held_fds: int = 256,
    ) -> None:
        self._hold(
            traversal_words,
            nesting,
            segments,
            message_words,
            questions,
            answers,
            exports,
            imports,
            embargoes,
            pipeline_operations,
            call_words,
            unsent_words,
            message_fds,
            held_fds,
        )
        for name in self.__slots__:
            bound = getattr(self, name)
            if not isinstance(bound, int) or isinstance(bound, bool):
                raise TypeError(f"Limits({name}=...) expects an integer, not {type(bound).__name__} ({bound!r})")
            if bound < 0:
                raise ValueError(f"Limits({name}={bound}): a bound cannot be below zero")
            most = LARGEST_NESTING if name == "nesting" else LARGEST
            if bound > most:
                object.__setattr__(self, name, most)


DEFAULT_LIMITS = Limits()

SCHEMA_NESTING = 64
"""How deep brackets and blocks of a schema text may be nested, and how many parts a dotted name may have."""
