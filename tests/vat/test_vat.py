"""A vat and its connections: public objects, limits for one connection, closing."""

from __future__ import annotations

from caplet.errors import Failed
from caplet.limits import Limits
from caplet.testing.host import SimulatedHost
from caplet.testing.objects import Service
from caplet.vat import Vat


def test_a_connection_may_have_another_public_object_and_other_limits_than_its_vat():
    vat = Vat(SimulatedHost(), Service().capability, Limits(questions=7))
    own = Service()
    plain, special = (
        vat.add_connection("one"),
        vat.add_connection("two", bootstrap=own.capability, limits=Limits(questions=3)),
    )
    assert plain.limits.questions == 7
    assert special.limits.questions == 3
    assert special.make_bootstrap is not None
    assert special.make_bootstrap("two") is own.capability


def test_connections_with_something_to_write_are_named_once_in_order():
    vat = Vat(SimulatedHost())
    first, second = vat.add_connection(), vat.add_connection()
    kept = [second.bootstrap(), first.bootstrap(), second.bootstrap()]
    assert vat.connections_with_output() == [second, first]
    assert vat.connections_with_output() == []
    assert len(second.take_output()) == 2
    assert len(kept) == 3


def test_closing_a_vat_closes_what_it_has():
    vat = Vat(SimulatedHost())
    connections = [vat.add_connection(), vat.add_connection()]
    vat.close(Failed("done"))
    assert vat.connections == []
    assert [str(connection.closed) for connection in connections] == ["done", "done"]


def test_a_public_object_that_cannot_be_made_is_broken_for_oneself_too():
    def make(peer):
        raise RuntimeError("not today")

    assert "not today" in str(Vat(SimulatedHost(), make).bootstrap_self().error)
