"""Every row of the table of irregularities, done by a scripted peer while other calls are under way."""

from __future__ import annotations

import gc
import re

import pytest
from irregularities import ROWS, Row

from caplet.cap.promise import PromiseCapability
from caplet.errors import Disconnected
from caplet.testing.objects import Service, answer_call, call, number_of
from caplet.testing.scripted import ScriptedPeer, export, hosted


class Scene:
    """A connection with calls under way both ways, as the table says."""

    def __init__(self) -> None:
        self.service = Service()
        self.peer = peer = ScriptedPeer(self.service.capability)
        remote = peer.connection.bootstrap()
        peer.run()
        peer.service = self.service
        # The script's public object is import 0.
        bootstrap_return(peer, 0)
        self.callback = Service()
        self.promise = PromiseCapability(peer.vat.turns)
        peer.bootstrap(2)
        peer.messages.clear()
        self.ours = call(remote, number=5, capabilities=[self.callback.capability, self.promise])
        peer.run()
        peer.first_call = peer.messages[-1]
        peer.call(0, export(0), number=1)
        peer.call(1, export(0), number=2)
        self.given = Service()
        answer_call(self.service.held.pop(), 0, [self.given.capability])
        self.theirs = self.service.held.pop()
        peer.lines()
        self.remote = remote

    def close(self) -> None:
        self.peer.connection.disconnect()
        self.service.held.clear()
        self.service.cancelled.clear()
        del self.ours, self.remote, self.theirs
        self.promise.reject(Disconnected("the test is over"))
        gc.collect()
        self.peer.run()
        assert self.peer.connection.is_idle
        assert self.peer.vat.turns.idle


def bootstrap_return(peer: ScriptedPeer, question: int) -> None:
    """Answer our bootstrap with import 0."""
    from caplet.rpc import encode

    message = encode.return_(16)
    message.payload.pointer(0).set_capability(message)
    message.capabilities.clear()
    hosted(0)(message.payload.init_struct_list(1, 1, 1, 1).struct(0))
    message.write_return(question, False)
    peer.send(message)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_comes_of_an_irregularity_is_what_the_table_says(row: Row):
    scene = Scene()
    peer = scene.peer
    row.do(peer)
    lines = peer.lines()
    error = peer.connection.error
    if row.outcome.startswith("abort: "):
        assert error is not None, f"the connection lives on; it said {lines}"
        # The reason is the one that the peer is told, and the one that our callers hear.
        assert re.search(re.escape(row.outcome.removeprefix("abort: ")), str(error)), str(error)
        assert lines[-1].startswith("abort "), lines
        # What was under way: our call fails, unless it was answered before; theirs may end, and says nothing more.
        if row.name != "E16":
            assert isinstance(scene.ours.error, Disconnected)
            assert str(scene.ours.error) == str(error)
        answer_call(scene.theirs, 3)
        assert peer.lines() == []
        late = call(scene.remote)
        assert isinstance(late.error, Disconnected)
    else:
        assert error is None, error
        peer.connection.check()
        check_outcome(row, scene, lines)
        check_the_rest(row, scene)
    scene.close()


@pytest.mark.parametrize("row", [row for row in ROWS if row.outcome.startswith("ignored")], ids=lambda row: row.name)
def test_what_is_ignored_leaves_nothing_however_often_it_is_done(row: Row):
    scene = Scene()
    row.do(scene.peer)
    scene.peer.run()
    before = scene.peer.connection.dump()
    for _ in range(1000):
        row.do(scene.peer)
    scene.peer.run()
    # Nothing is said about any of them in the tables.
    assert scene.peer.connection.dump() == before
    check_the_rest(row, scene)
    scene.close()


def check_outcome(row: Row, scene: Scene, lines: list[str]) -> None:
    """Compare what came of it with the table."""
    if row.name == "Unimplemented Call":
        assert isinstance(scene.ours.error, NotImplementedError)
    elif row.outcome == "fails that call":
        assert any(" exception " in line for line in lines), lines
    elif row.outcome == "ignored":
        assert lines == []
    elif row.outcome.startswith("ignored, and"):
        assert [line.split()[0] for line in lines] == ["release"]
    elif row.outcome == "answered with Unimplemented":
        assert len(lines) == 7
        assert all(line.startswith("unimplemented ") for line in lines)
    elif row.outcome == "broken":
        held = scene.service.held.pop()
        assert number_of(held.params) == 9
        pointer = held.params.struct().pointer(0)
        try:
            found = pointer.capability()
        except ValueError:
            pass
        else:
            assert found.error is not None
        answer_call(held)
    else:
        assert row.outcome == "the method sees an error"
        assert any(" exception " in line for line in lines), lines


def check_the_rest(row: Row, scene: Scene) -> None:
    """See that the calls under way end as if nothing had happened."""
    peer = scene.peer
    peer.lines()
    answer_call(scene.theirs, 3)
    assert [line.split()[0] for line in peer.lines()] == ["return"]
    if row.name != "Unimplemented Call":
        peer.return_results(0, number=4)
        assert number_of(scene.ours.result()) == 4
