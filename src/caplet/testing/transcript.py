"""Transcripts: one readable line for each message, with names instead of numbers.

Knows `rpc.capnp` as `caplet.rpc.decode` reads it. Ids are renamed in the order in which they first appear, and a number that is used
again gets a new name, so that a transcript does not depend on how ids are reused.

    alice -> bob  bootstrap q1
    alice -> bob  call q2 of q1[] method 0x1#0 (mine e1)
    bob -> alice  return q1 results (mine e1)

`q1` is the first question of the vat that asks; `mine e1` is the first export of the vat that sends the line, `yours e1` of the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caplet.errors import ProtocolError
from caplet.rpc import decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from caplet.wire.message import MessageReader
    from caplet.wire.untyped import AnyStruct

__all__ = ["Transcript"]


class Names:
    """The names of one vat's ids on one link."""

    def __init__(self) -> None:
        self.questions: dict[int, str] = {}
        self.exports: dict[int, str] = {}
        self.counts: dict[int, int] = {}
        self.embargoes: dict[int, str] = {}
        self.made = {"q": 0, "e": 0, "d": 0}
        # What each answer given by this vat exported, for a Finish that releases it.
        self.results: dict[int, list[int]] = {}

    def make(self, letter: str) -> str:
        """Return a new name."""
        self.made[letter] += 1
        return f"{letter}{self.made[letter]}"


class Transcript:
    """What was sent, as text.

    Args:
        methods: names of methods by interface id and ordinal; others are shown by these numbers.
    """

    def __init__(self, methods: Mapping[tuple[int, int], str] | None = None) -> None:
        self.methods = methods or {}
        self.lines: list[str] = []
        self.names: dict[tuple[str, str], Names] = {}

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def take(self) -> list[str]:
        """Return the lines so far and begin anew; names go on."""
        lines = self.lines
        self.lines = []
        return lines

    def record(self, sender: str, receiver: str, message: MessageReader) -> None:
        """Add the line of one message."""
        mine = self.names.setdefault((sender, receiver), Names())
        yours = self.names.setdefault((receiver, sender), Names())
        tag, body = decode.read_message(message)
        self.lines.append(f"{sender} -> {receiver}  {self.text(tag, body, mine, yours)}")

    def text(self, tag: int, body: AnyStruct, mine: Names, yours: Names) -> str:
        """Return the text of one message."""
        if tag == decode.CALL:
            return self.call(body, mine, yours)
        if tag == decode.RETURN:
            return self.return_(body, mine, yours)
        if tag == decode.BOOTSTRAP:
            name = mine.questions[body.u32(0)] = mine.make("q")
            return f"bootstrap {name}"
        if tag == decode.FINISH:
            return self.finish(body, mine, yours)
        if tag == decode.RELEASE:
            number = body.u32(0)
            name = yours.exports.get(number, f"e?{number}")
            self.uncount(yours, number, body.u32(4))
            return f"release {name} x{body.u32(4)}"
        if tag == decode.RESOLVE:
            name = mine.exports.get(body.u32(0), f"e?{body.u32(0)}")
            if body.u16(4) == decode.RESOLVE_EXCEPTION:
                return f"resolve {name} exception {body.struct(0).text(0)!r}"
            return f"resolve {name} to {self.descriptor(body.struct(0), mine, yours, None)}"
        if tag == decode.DISEMBARGO:
            number = body.u32(0)
            target = self.target(body.struct(0), mine, yours)
            if body.u16(4) == decode.SENDER_LOOPBACK:
                name = mine.embargoes[number] = mine.make("d")
                return f"disembargo {target} {name}"
            if body.u16(4) == decode.RECEIVER_LOOPBACK:
                return f"disembargo {target} {yours.embargoes.get(number, f'd?{number}')} back"
            return f"disembargo {target} of kind {body.u16(4)}"
        if tag == decode.ABORT:
            return f"abort {body.text(0)!r}"
        if tag == decode.UNIMPLEMENTED:
            inner = body.u16(0)
            return f"unimplemented {decode.MESSAGE_NAMES[inner] if inner < len(decode.MESSAGE_NAMES) else inner}"
        return decode.MESSAGE_NAMES[tag] if tag < len(decode.MESSAGE_NAMES) else f"message of kind {tag}"

    def call(self, body: AnyStruct, mine: Names, yours: Names) -> str:
        """Return the text of a Call."""
        target = self.target(body.struct(0), mine, yours)
        name = mine.questions[body.u32(0)] = mine.make("q")
        method = self.methods.get((body.u64(8), body.u16(4)), f"{body.u64(8):#x}#{body.u16(4)}")
        parts = [f"call {name} of {target} method {method}"]
        parts += self.payload(body.struct(1), mine, yours, None)
        if body.u16(6) == decode.TO_YOURSELF:
            parts.append("to yourself")
        if body.boolean(129):
            parts.append("no pipelining")
        if body.boolean(130):
            parts.append("only pipeline")
        return " ".join(parts)

    def return_(self, body: AnyStruct, mine: Names, yours: Names) -> str:
        """Return the text of a Return."""
        number = body.u32(0)
        name = yours.questions.get(number, f"q?{number}")
        kind = body.u16(6)
        exported: list[int] = []
        if kind == decode.RESULTS:
            parts = ["results", *self.payload(body.struct(0), mine, yours, exported)]
        elif kind == decode.EXCEPTION:
            parts = [f"exception {body.struct(0).text(0)!r}"]
        elif kind == decode.CANCELED:
            parts = ["canceled"]
        elif kind == decode.RESULTS_SENT_ELSEWHERE:
            parts = ["sent elsewhere"]
        elif kind == decode.TAKE_FROM_OTHER_QUESTION:
            parts = [f"take from {mine.questions.get(body.u32(8), f'q?{body.u32(8)}')}"]
        else:
            parts = [f"of kind {kind}"]
        mine.results[number] = exported
        if body.boolean(32, True):
            parts.append("releasing params")
        if body.boolean(33):
            parts.append("for good")
        return f"return {name} {' '.join(parts)}"

    def finish(self, body: AnyStruct, mine: Names, yours: Names) -> str:
        """Return the text of a Finish."""
        number = body.u32(0)
        parts = [f"finish {mine.questions.get(number, f'q?{number}')}"]
        exported = yours.results.pop(number, [])
        if body.boolean(32, True):
            parts.append("releasing results")
            for export_id in exported:
                self.uncount(yours, export_id, 1)
        if body.boolean(33, True):
            parts.append("workaround")
        return " ".join(parts)

    def target(self, target: AnyStruct, mine: Names, yours: Names) -> str:
        """Return the text of a MessageTarget."""
        if target.u16(4) == decode.TARGET_IMPORTED_CAP:
            return yours.exports.get(target.u32(0), f"e?{target.u32(0)}")
        return self.promised(target.struct(0), mine)

    def promised(self, promised: AnyStruct, mine: Names) -> str:
        """Return the text of a PromisedAnswer."""
        try:
            path = ",".join(str(index) for index in decode.read_path(promised, 1 << 30))
        except ProtocolError:
            path = "?"
        return f"{mine.questions.get(promised.u32(0), f'q?{promised.u32(0)}')}[{path}]"

    def payload(self, payload: AnyStruct, mine: Names, yours: Names, exported: list[int] | None) -> list[str]:
        """Return the text of a capability table, nothing for an empty one."""
        if not payload.has(1):
            return []
        listed = payload.list(1)
        return [f"({', '.join(self.descriptor(listed.struct(i), mine, yours, exported) for i in range(len(listed)))})"]

    def descriptor(self, descriptor: AnyStruct, mine: Names, yours: Names, exported: list[int] | None) -> str:
        """Return the text of a CapDescriptor."""
        kind = descriptor.u16(0)
        if kind == decode.CAP_NONE:
            return "none"
        number = descriptor.u32(4)
        if kind == decode.SENDER_HOSTED or kind == decode.SENDER_PROMISE:
            name = mine.exports.get(number)
            if name is None:
                name = mine.exports[number] = mine.make("e")
            mine.counts[number] = mine.counts.get(number, 0) + 1
            if exported is not None:
                exported.append(number)
            return f"{'promise' if kind == decode.SENDER_PROMISE else 'mine'} {name}"
        if kind == decode.RECEIVER_HOSTED:
            return f"yours {yours.exports.get(number, f'e?{number}')}"
        if kind == decode.RECEIVER_ANSWER:
            return f"answer {self.promised(descriptor.struct(0), mine)}"
        return f"descriptor of kind {kind}"

    def uncount(self, names: Names, number: int, count: int) -> None:
        """Forget the name of an export when its last reference is released."""
        left = names.counts.get(number, 0) - count
        if left > 0:
            names.counts[number] = left
        else:
            names.counts.pop(number, None)
            names.exports.pop(number, None)
