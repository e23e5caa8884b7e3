"""A fuzzer for the core: vats that call each other at random while messages are delivered at random, watched by the shadow oracle.

Knows the moves. A run is a list of steps, each a name and three numbers that pick from whatever there is to pick from; so every list of
steps is a run, a random one, one that hypothesis shrinks, or one that is written down as a test.
"""

from __future__ import annotations

import gc
import random
from typing import TYPE_CHECKING, TypeAlias

from caplet.cap.membrane import Membrane
from caplet.cap.promise import PromiseCapability
from caplet.errors import Failed
from caplet.rpc.answer_states import State as AnswerState
from caplet.rpc.connection import Connection
from caplet.rpc.question import State as QuestionState
from caplet.testing.actors import MEMBRANES, Actor, Asked, Held, Object, Running
from caplet.testing.network import Network
from caplet.testing.objects import capabilities_of, fill, number_of
from caplet.testing.oracle import CallRecord, Reference, TwinObject, TwinPath, TwinPromise, depends, reached
from caplet.wire.message import MessageBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from caplet.cap.call import IncomingCall
    from caplet.cap.capability import Capability
    from caplet.cap.request import Request

__all__ = ["MOVES", "Fuzz", "Step", "random_steps"]

Step: TypeAlias = "tuple[str, int, int, int]"

# Each move as often as it stands here.
MOVES = (
    ["deliver"] * 16
    + ["call"] * 8
    + ["pipeline"] * 8
    + ["take"] * 2
    + ["answer"] * 7
    + ["fail"] * 1
    + ["tail"] * 2
    + ["set_pipeline"] * 2
    + ["service"] * 1
    + ["promise"] * 2
    + ["resolve"] * 3
    + ["reject"] * 1
    + ["release"] * 2
    + ["cancel"] * 1
    + ["bootstrap"] * 1
)

RESULTS = 3


def random_steps(seed: int, count: int, cuts: bool = False, membranes: bool = False) -> list[Step]:
    """Return a random run.

    Args:
        seed: of what is random.
        count: how many steps.
        cuts: whether links are cut.
        membranes: whether references are taken through membranes, messages arrive together, and several steps are made before anything
            that they cause is begun; with cuts, membranes are revoked too.
    """
    source = random.Random(seed)
    moves = [*MOVES, *MOVES, *MOVES, "cut"] if cuts else [*MOVES]
    if membranes:
        moves += ["wrap", "burst", "hurry"] * (len(moves) // 10) + ["guard", "detour", "race"] * (len(moves) // 20)
        moves += ["revoke"] if cuts else []
    return [
        (source.choice(moves), source.getrandbits(16), source.getrandbits(16), source.getrandbits(16))
        for _ in range(count)
    ]


class Fuzz:
    """One run.

    Args:
        vats: how many vats, all connected with each other.
        connection_class: a class to use for connections; one with a fault in it must be found out.
        membrane_class: a class to use for membranes.
    """

    def __init__(
        self,
        vats: int = 2,
        connection_class: type[Connection] = Connection,
        membrane_class: type[Membrane] = Membrane,
    ) -> None:
        self.membrane_class = membrane_class
        self.network = Network()
        self.network.transcript.lines = Forgetful()
        self.records: list[CallRecord] = []
        self.circles = 0
        self.problems: list[AssertionError] = []
        self.lossy = False
        # How many of the next steps are made before any turn is run.
        self.hurried = 0
        self.objects = 0
        self.actors: list[Actor] = []
        for index in range(vats):
            name = "abcdefgh"[index]
            actor = Actor(self, name)
            self.actors.append(actor)
            simulated = self.network.add_vat(name, actor.bootstrap)
            simulated.vat.connection_class = connection_class
            actor.root.capability.bind(simulated.vat.turns)
            for other in self.actors[:-1]:
                self.network.connect(other.name, name)
        # A run begins with everybody holding everybody's public object, their own too.
        for actor in self.actors:
            actor.held.append(Held(actor.root.capability, Reference(actor.root.reference.twin)))
            for index in range(vats - 1):
                self.move_bootstrap(actor, 0, index, 0)

    # --- running -----------------------------------------------------------------------------------------------------------------

    def run(self, steps: Iterable[Step]) -> None:
        """Make the steps, then bring everything to an end and verify that nothing is left.

        Raises:
            AssertionError: what happened is not what the oracle says.
        """
        for step in steps:
            self.step(step)
        self.finish()

    def step(self, step: Step) -> None:
        """Make one step."""
        move, first, second, third = step
        getattr(self, f"move_{move}")(self.actors[first % len(self.actors)], first // len(self.actors), second, third)
        if self.hurried:
            self.hurried -= 1
            self.network.collect()
        else:
            self.network.run_vats()
        self.network.check()
        self.raise_problems()

    def raise_problems(self) -> None:
        """Raise what services found wrong."""
        if self.problems:
            raise self.problems[0]

    def finish(self) -> None:
        """Answer and resolve everything, deliver everything, compare outcomes, release everything."""
        self.network.run()
        for _ in range(100_000):
            busy = False
            for actor in self.actors:
                while actor.running:
                    busy = True
                    self.move_answer(actor, 0, 0, 0)
                while actor.promises:
                    busy = True
                    self.move_reject(actor, 0, 0, 0)
            self.network.run()
            self.raise_problems()
            if not busy:
                break
        for actor in self.actors:
            while actor.asked:
                self.compare(actor.asked.pop())
        self.compare_references()
        for actor in self.actors:
            actor.held.clear()
        self.settle_circles()
        self.network.assert_idle()

    def settle_circles(self) -> None:
        """Cut links where nothing is left but answers that wait for each other.

        What was told to a peer is kept until the peer's Finish or Release. When the answers of both sides were said to hold what the
        other side's answers hold, directly or through exports, they keep each other until the connection ends; the protocol has no
        message that could end such a circle earlier.
        """
        gc.collect()
        self.network.run()
        for link in list(self.network.links):
            ends = list(link.ends.values())
            if all(self.only_waits(end) for end in ends) and any(len(end.questions) for end in ends):
                self.circles += 1
                self.network.cut(*link.names)

    def only_waits(self, connection: Connection) -> bool:
        """Tell whether every call of a connection is over but for what still addresses its answer.

        An answer whose results a tail call left at the peer keeps the question of that tail call, for whatever addresses the answer.
        """
        answers = list(connection.answers.values())
        tails = [row.tail.state for row in answers if row.tail is not None]
        return all(row.state == AnswerState.RETURNED for row in answers) and all(
            one.state == QuestionState.LINGERING and (one.slot_uses or one in tails)
            for one in connection.questions.entries()
        )

    def compare(self, asked: Asked) -> None:
        """Compare an outcome with the twin's."""
        record = asked.record
        answer = asked.answer
        assert answer.done, f"call {record.number} was never answered (loss)"
        if self.lossy:
            return
        end = record
        while end.tail is not None:
            end = end.tail
        if answer.error is not None:
            if record.delivered and not end.failed and end.delivered:
                raise AssertionError(f"call {record.number} failed with {answer.error!r}, but was answered well")
            if not record.delivered and isinstance(reached(record.reference.twin), TwinObject):
                raise AssertionError(f"call {record.number} failed with {answer.error!r}, but its target is alive")
        else:
            assert not end.failed, f"call {record.number} succeeded, but was answered with an error"
            got = number_of(answer.result())
            assert got == end.number, f"call {record.number} got the results of {got}"

    def compare_references(self) -> None:
        """Compare what references have become with their twins: when everything is known and delivered, everybody knows it."""
        if self.lossy:
            return
        for actor in self.actors:
            for held in actor.held:
                self.compare_reference(held.capability.current(), reached(held.reference.twin))

    def compare_reference(self, capability: Capability, end: TwinObject | str) -> None:
        """Compare what one reference has become with what its twin leads to."""
        if isinstance(end, TwinObject):
            assert capability.error is None, f"a reference to {end.name} is broken: {capability.error!r}"
            assert not capability.is_promise, f"a reference to {end.name} is a promise for ever"
        # Of a place in results that stayed at a peer, only the peer knows that nothing is there: nothing can be said of references to nothing.

    # --- what services see -----------------------------------------------------------------------------------------------------------

    def arrived(self, service: Object, call: IncomingCall) -> None:
        """A call arrived at a service: is it the right one, at the right time?"""
        record = self.records[number_of(call.params)]
        end = reached(record.reference.twin)
        name = end.name if isinstance(end, TwinObject) else end
        reference = record.reference
        assert end is service.twin, (
            f"call {record.number} arrived at {service.twin.name}; it was meant for {name} (wrong target)"
        )
        assert not record.delivered, f"call {record.number} arrived twice (duplication)"
        assert record.sequence > reference.arrived, (
            f"call {record.number}, number {record.sequence} of its reference, arrived after number {reference.arrived} (wrong order)"
        )
        reference.arrived = record.sequence
        record.delivered = True
        actor = service.actor
        actor.running.append(Running(call, record))
        for capability, twin in zip(capabilities_of(call.params), record.arguments, strict=True):
            if twin is not None:
                actor.hold(capability, Reference(twin))
        call.release_params()

    # --- moves -------------------------------------------------------------------------------------------------------------------

    def make_call(
        self, held: Held, arguments: list[Held | None], request: Request | None = None
    ) -> tuple[Request, CallRecord]:
        """Return a request and its record."""
        reference = held.reference
        reference.made += 1
        record = CallRecord(
            len(self.records),
            reference,
            reference.made,
            [None if one is None else one.reference.twin for one in arguments],
        )
        self.records.append(record)
        request = held.capability.new_request(1, 0)
        fill(request.params, record.number, [None if one is None else one.capability for one in arguments])
        return request, record

    def some(self, actor: Actor, second: int, third: int, count: int) -> list[Held | None]:
        """Return `count` of the references that an actor holds."""
        return [actor.pick(second + index * third) for index in range(count)]

    def move_deliver(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Deliver one message."""
        self.deliver(second, 1)

    def move_burst(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Deliver several messages that arrive together."""
        self.deliver(second, 2 + third % 6)

    def deliver(self, number: int, count: int) -> None:
        """Let the next messages of a pipe be digested; turns are run behind the step, unless it is in a hurry."""
        pipes = self.network.pipes_with_messages()
        if pipes:
            self.network.digest_from(pipes[number % len(pipes)], count)

    def move_hurry(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Make the next steps before anything that they cause is begun, as a program does that does several things at once."""
        self.hurried = 2 + second % 6

    def move_bootstrap(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Ask another vat for its public object."""
        others = [other for other in self.actors if other is not actor]
        other = others[second % len(others)]
        if self.network.link(actor.name, other.name).alive:
            found = self.network.vats[actor.name].bootstrap(other.name)
            actor.hold(found, Reference(other.root.reference.twin))

    def move_call(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Make a call."""
        held = actor.pick(second)
        if held is not None:
            request, record = self.make_call(held, self.some(actor, third, second, first % 3))
            actor.asked.append(Asked(request.send(), record))

    def move_pipeline(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Use a capability in results that may not be there yet."""
        if actor.asked:
            # Recent calls are the interesting ones.
            asked = actor.asked[-1 - second % min(len(actor.asked), 6)]
            index = third % RESULTS
            reference = asked.paths.get(index)
            if reference is None:
                reference = asked.paths[index] = Reference(TwinPath(asked.record, index))
            found = asked.answer.pipeline((index,))
            actor.hold(found, reference)
            for _ in range(first % 3):
                request, record = self.make_call(Held(found, reference), self.some(actor, third, second, first % 2))
                actor.asked.append(Asked(request.send(), record))

    def move_take(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Take the capabilities out of results."""
        if actor.asked:
            asked = actor.asked.pop(second % len(actor.asked))
            if not asked.answer.done:
                actor.asked.insert(0, asked)
                return
            self.compare(asked)
            if asked.answer.error is None:
                for index, capability in enumerate(capabilities_of(asked.answer.result())):
                    if capability is not None:
                        reference = asked.paths.get(index)
                        if reference is None:
                            reference = Reference(TwinPath(asked.record, index))
                        actor.hold(capability, reference)

    def move_answer(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Answer a call with results."""
        if not actor.running:
            return
        running = actor.running.pop(second % len(actor.running))
        results = running.promised
        if results is None:
            results = [
                one if one is None or not depends(one.reference.twin, running.record) else None
                for one in self.some(actor, third, first, RESULTS if first % 4 else 0)
            ]
        running.record.results = [None if one is None else one.reference.twin for one in results]
        fill(
            running.call.results(), running.record.number, [None if one is None else one.capability for one in results]
        )
        running.call.finish()

    def move_fail(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Answer a call with an error."""
        if actor.running:
            running = actor.running[second % len(actor.running)]
            if running.promised is None:
                actor.running.remove(running)
                running.record.failed = True
                running.call.fail(ValueError("refused"))

    def move_tail(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Answer a call with another call."""
        if not actor.running:
            return
        running = actor.running[second % len(actor.running)]
        held = actor.pick(third)
        if held is None or running.promised is not None or depends(held.reference.twin, running.record):
            return
        actor.running.remove(running)
        request, record = self.make_call(held, [])
        running.record.tail = record
        running.call.tail_call(request)

    def move_set_pipeline(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Say ahead what the results will hold."""
        if not actor.running:
            return
        running = actor.running[second % len(actor.running)]
        if running.promised is not None:
            return
        results = [
            one if one is None or not depends(one.reference.twin, running.record) else None
            for one in self.some(actor, third, first, RESULTS)
        ]
        running.promised = results
        running.record.results = [None if one is None else one.reference.twin for one in results]
        message = MessageBuilder()
        fill(message.root, 0, [None if one is None else one.capability for one in results])
        running.call.set_pipeline(message.root.as_reader())

    def move_service(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Make an object."""
        self.objects += 1
        held = actor.make_object(f"{actor.name}.{self.objects}")
        held.capability.bind(self.network.vats[actor.name].vat.turns)
        actor.held.append(held)

    def move_promise(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Make a promise."""
        self.objects += 1
        promise = PromiseCapability(self.network.vats[actor.name].vat.turns)
        twin = TwinPromise(f"{actor.name}.promise{self.objects}")
        actor.promises.append((promise, twin))
        actor.hold(promise, Reference(twin))

    def move_resolve(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Resolve a promise."""
        if not actor.promises:
            return
        index = second % len(actor.promises)
        promise, twin = actor.promises[index]
        held = actor.pick(third)
        if held is not None and not depends(held.reference.twin, twin):
            del actor.promises[index]
            twin.target = held.reference.twin
            promise.resolve(held.capability)

    def move_reject(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Break a promise."""
        if actor.promises:
            promise, twin = actor.promises.pop(second % len(actor.promises))
            twin.broken = True
            promise.reject(Failed("broken on purpose"))

    def move_wrap(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Take a reference through a membrane, in one direction or the other; one that came through it is what it was again."""
        held = actor.pick(second)
        if held is not None:
            crossed = actor.membranes[third % MEMBRANES].cross(held.capability, outward=first % 2 == 0)
            actor.hold(crossed, Reference(held.reference.twin))

    def move_guard(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Hand the public object out through a membrane from now on, and let another vat ask for it."""
        actor.public = actor.membranes[third % MEMBRANES].cross(actor.root.capability, outward=True)
        index = self.actors.index(actor)
        other = self.actors[(index + 1 + first % (len(self.actors) - 1)) % len(self.actors)]
        self.move_bootstrap(other, 0, index - (index > self.actors.index(other)), 0)

    def move_detour(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Call a promise through a membrane; it becomes something that went in, now or later: calls go in and come out again."""
        held = actor.pick(second)
        if held is None:
            return
        membrane = actor.membranes[third % MEMBRANES]
        self.move_promise(actor, 0, 0, 0)
        promise = actor.held.pop()
        inside = membrane.cross(held.capability, outward=False)
        actor.hold(membrane.cross(promise.capability, outward=True), promise.reference)
        self.move_call(actor, 0, 1, 0)
        actor.hold(inside, Reference(held.reference.twin))
        if first % 2:
            self.move_resolve(actor, 0, len(actor.promises) - 1, 1)
            actor.held.pop()
            self.move_call(actor, 0, 1, 0)

    def move_race(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Pipeline calls on a call that is answered between them, before anything that the first ones cause is begun."""
        owners = {id(running.record): owner for owner in self.actors for running in owner.running}
        asked = [one for one in actor.asked if id(one.record) in owners]
        if not asked:
            return
        chosen = asked[-1 - second % min(len(asked), 4)]
        owner = owners[id(chosen.record)]
        actor.asked.remove(chosen)
        actor.asked.append(chosen)
        for step in range(2):
            self.move_pipeline(actor, 1, 0, third)
            actor.asked.append(actor.asked.pop(-2))
            self.network.collect()
            if owner is not actor and self.network.link(actor.name, owner.name).alive:
                self.network.digest_from(self.network.pipe(actor.name, owner.name), 100)
            if step == 0:
                place = [running.record for running in owner.running].index(chosen.record)
                self.move_answer(owner, 1, place, first)

    def move_revoke(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Revoke a membrane, and make another."""
        self.lossy = True
        place = third % MEMBRANES
        actor.membranes[place].revoke()
        actor.membranes[place] = actor.make_membrane()

    def move_release(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Let go of a reference."""
        if actor.held:
            del actor.held[second % len(actor.held)]

    def move_cancel(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Let go of a call."""
        if actor.asked:
            asked = actor.asked.pop(second % len(actor.asked))
            asked.record.cancelled = True
            asked.answer.cancel()

    def move_cut(self, actor: Actor, first: int, second: int, third: int) -> None:
        """Cut a link and connect anew."""
        others = [other for other in self.actors if other is not actor]
        other = others[second % len(others)]
        self.lossy = True
        link = self.network.link(actor.name, other.name)
        self.network.cut(actor.name, other.name)
        self.network.links.remove(link)
        for connection in link.ends.values():
            assert connection.is_idle, f"a closed connection has entries\n{connection.dump()}"
        self.network.connect(actor.name, other.name)


class Forgetful(list[str]):
    """A transcript that keeps the last lines only."""

    def append(self, line: str) -> None:
        """Add a line."""
        super().append(line)
        if len(self) > 400:
            del self[:200]
