"""Strategies for hypothesis: messages of a peer, well-formed or not, and runs of the fuzzer; needs the package `hypothesis`.

Knows how such values are drawn. What becomes of them is for the tests that use them to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from caplet.rpc import decode, encode
from caplet.rpc.encode import OutgoingMessage
from caplet.testing.fuzz import MOVES, Fuzz, Step
from caplet.testing.scripted import answer, answer_descriptor, described, export, hosted, mine, none, promise

if TYPE_CHECKING:
    from caplet.wire.untyped_builder import AnyStructBuilder

__all__ = ["FuzzMachine", "conversations", "messages", "steps"]

NUMBERS = st.integers(0, 0xFFFF)
# Small ids meet each other; large ones must be survived too.
IDS = st.one_of(st.integers(0, 4), st.sampled_from([77, (1 << 31) - 1, 1 << 31, (1 << 32) - 1]))
PATHS = st.lists(st.integers(0, 2), max_size=3)

Fill = Callable[["AnyStructBuilder"], None]


def steps(cuts: bool = False) -> st.SearchStrategy[Step]:
    """Return a strategy for one step of the fuzzer.

    Args:
        cuts: whether links may be cut.
    """
    moves = [*dict.fromkeys(MOVES), *(["cut"] if cuts else [])]
    return st.tuples(st.sampled_from(moves), NUMBERS, NUMBERS, NUMBERS)


def conversations(max_steps: int = 60, cuts: bool = False) -> st.SearchStrategy[list[Step]]:
    """Return a strategy for whole runs, to be given to `Fuzz.run`.

    Args:
        max_steps: how long they are at most.
        cuts: whether links may be cut.
    """
    return st.lists(steps(cuts), max_size=max_steps)


# --- messages ---------------------------------------------------------------------------------------------------------------------


def answer_target(question: int, path: list[int]) -> Fill:
    """Return what fills a MessageTarget of a place in an answer."""
    return answer(question, *path)


def answer_place(question: int, path: list[int]) -> Fill:
    """Return what fills a CapDescriptor of a place in an answer."""
    return answer_descriptor(question, *path)


def unknown_target(target: AnyStructBuilder) -> None:
    """Fill a MessageTarget with a kind that does not exist."""
    target.set_u16(4, 9)


def targets() -> st.SearchStrategy[Fill]:
    """Return a strategy for what fills a MessageTarget."""
    return st.one_of(
        st.builds(export, IDS),
        st.builds(answer_target, IDS, PATHS),
        st.just(unknown_target),
    )


def descriptors() -> st.SearchStrategy[Fill]:
    """Return a strategy for what fills a CapDescriptor."""
    return st.one_of(
        st.builds(hosted, IDS),
        st.builds(promise, IDS),
        st.builds(mine, IDS),
        st.just(none()),
        st.builds(answer_place, IDS, PATHS),
        st.builds(described, st.integers(5, 9), IDS),
    )


def add_payload(message: OutgoingMessage, listed: list[Fill]) -> None:
    """Write content with as many capability pointers as there are descriptors, and the table."""
    content = message.payload.pointer(0).init_struct(1, len(listed))
    table = message.payload.init_struct_list(1, len(listed), 1, 1)
    for index, describe in enumerate(listed):
        describe(table.struct(index))
        # The table is written by hand, so the pointers must not add to it.
        content.pointer(index).set_capability(message)
    message.capabilities.clear()


def make_call(question: int, target: Fill, listed: list[Fill], to: int, hints: int) -> OutgoingMessage:
    """Return a Call."""
    message = encode.call(32)
    add_payload(message, listed)
    target(message.body.init_struct(0, 1, 1))
    message.write_call(question, 1, 0, False, hints)
    message.body.set_u16(6, to)
    return message


def make_results(question: int, listed: list[Fill], final: bool, release: bool) -> OutgoingMessage:
    """Return a Return with results."""
    message = encode.return_(32)
    add_payload(message, listed)
    message.write_return(question, final)
    message.body.set_boolean(32, release, True)
    return message


def make_finish(question: int, release: bool, workaround: bool) -> OutgoingMessage:
    """Return a Finish."""
    message = encode.finish(question, release)
    message.body.set_boolean(33, workaround, True)
    return message


def make_resolve(number: int, describe: Fill, kind: int) -> OutgoingMessage:
    """Return a Resolve."""
    message = encode.resolve(number)
    message.body.set_u16(4, kind)
    describe(message.body.init_struct(0, 1, 3))
    return message


def make_disembargo(kind: int, number: int, target: Fill) -> OutgoingMessage:
    """Return a Disembargo."""
    message = encode.disembargo(kind, number)
    target(message.body.init_struct(0, 1, 1))
    return message


def make_empty(tag: int) -> OutgoingMessage:
    """Return a message of a kind with nothing in it."""
    return OutgoingMessage(tag, 1, 2, 16)


def well_formed() -> st.SearchStrategy[OutgoingMessage]:
    """Return a strategy for messages that can be read; what they say may be wrong."""
    tables = st.lists(descriptors(), max_size=3)
    kinds = st.integers(0, 3)
    return st.one_of(
        st.builds(encode.bootstrap, IDS),
        st.builds(make_call, IDS, targets(), tables, kinds, kinds),
        st.builds(make_results, IDS, tables, st.booleans(), st.booleans()),
        st.builds(encode.return_without_results, IDS, st.integers(1, 6), IDS),
        st.builds(make_finish, IDS, st.booleans(), st.booleans()),
        st.builds(encode.release, IDS, st.integers(0, 3)),
        st.builds(make_resolve, IDS, descriptors(), kinds),
        st.builds(make_disembargo, kinds, IDS, targets()),
        st.builds(make_empty, st.sampled_from([0, decode.PROVIDE, decode.JOIN, 99])),
    )


def segments_of(message: OutgoingMessage, change: tuple[int, int] | None) -> list[bytes]:
    """Return the bytes of a message, with one word replaced if asked for."""
    segments = [bytearray(view) for view in message.output()]
    if change is not None:
        position, word = change
        words = len(segments[0]) >> 3
        start = position % words << 3
        segments[0][start : start + 8] = word.to_bytes(8, "little")
    return [bytes(segment) for segment in segments]


def messages(broken: bool = True) -> st.SearchStrategy[list[bytes]]:
    """Return a strategy for the segments of RPC messages, as a peer might send them.

    Args:
        broken: whether some have a word that is not what it should be.
    """
    change = st.tuples(NUMBERS, st.integers(0, (1 << 64) - 1))
    return st.builds(segments_of, well_formed(), st.one_of(st.none(), change) if broken else st.none())


# --- the fuzzer, driven by hypothesis --------------------------------------------------------------------------------------------------


def rule_of(move: str) -> Any:
    """Return the rule of one move."""

    def act(self: FuzzMachine, first: int, second: int, third: int) -> None:
        self.fuzz.step((move, first, second, third))

    act.__name__ = move
    return rule(first=NUMBERS, second=NUMBERS, third=NUMBERS)(act)


class FuzzMachine(RuleBasedStateMachine):
    """The fuzzer as a state machine of hypothesis: one rule for each move, everything verified after each and at the end.

    `TestCase = FuzzMachine.TestCase` in a test module runs it.
    """

    fuzz: Fuzz

    @initialize(vats=st.integers(2, 4))
    def begin(self, vats: int) -> None:
        """Connect two to four vats."""
        self.fuzz = Fuzz(vats)

    def teardown(self) -> None:
        """Bring everything to an end: every call is answered, every table is empty."""
        if hasattr(self, "fuzz"):
            self.fuzz.finish()


for _move in [*dict.fromkeys(MOVES), "cut"]:
    setattr(FuzzMachine, f"move_{_move}", rule_of(_move))
