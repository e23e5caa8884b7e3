"""What a connection tells of itself in numbers.

Knows the names that programs read and what they mean. Does not know who asks, nor what is done with the numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from caplet.aio.driver import Link

__all__ = ["ConnectionStats", "ReconnectingStats", "stats_of"]


class ConnectionStats(TypedDict):
    """What `stats()` of a connection returns.

    Attributes:
        peer: who is at the other end, as text.
        age_s: since when it is open, in seconds.
        questions: calls of this side that are not over.
        answers: calls of the peer that are not over.
        exports: objects of this side that the peer holds.
        imports: objects of the peer that this side holds.
        embargoes: references that wait until calls have gone another way.
        sent: messages of this side.
        received: messages of the peer.
        sent_bytes: how large those of this side were, before they were packed, framed and encrypted.
        received_bytes: how large those of the peer were.
        unsent_bytes: what waits until the peer, or the system, takes it.
        unanswered_words: how large the calls of the peer are that wait for an answer.
    """

    peer: str
    age_s: float
    questions: int
    answers: int
    exports: int
    imports: int
    embargoes: int
    sent: int
    received: int
    sent_bytes: int
    received_bytes: int
    unsent_bytes: int
    unanswered_words: int


class ReconnectingStats(TypedDict):
    """What `stats()` of a connection returns that is opened again when it is lost.

    Attributes:
        connected: whether there is a connection now.
        generation: how many connections were tried so far.
        failures: how many attempts have failed one after the other.
        current: the numbers of the connection of the moment; None while there is none.
    """

    connected: bool
    generation: int
    failures: int
    current: ConnectionStats | None


def stats_of(link: Link) -> ConnectionStats:
    """Return the numbers of a connection."""
    counts = link.connection.stats()
    return {
        "peer": str(link.transport.peer),
        "age_s": link.owner.loop.time() - link.opened_s,
        "questions": counts["questions"],
        "answers": counts["answers"],
        "exports": counts["exports"],
        "imports": counts["imports"],
        "embargoes": counts["embargoes"],
        "sent": counts["sent"],
        "received": counts["received"],
        "sent_bytes": counts["sent_bytes"],
        "received_bytes": counts["received_bytes"],
        "unsent_bytes": 0 if link.has_ended else link.transport.unsent_bytes,
        "unanswered_words": counts["unanswered_words"],
    }
