"""When the end of a capability is told, nobody can find that capability any more, in whatever thread it ends."""

from __future__ import annotations

import weakref

import pytest

from caplet.cap.answer import AnswerState
from caplet.cap.local import LocalCapability
from caplet.cap.promise import PromiseCapability
from caplet.rpc.import_ import Import
from caplet.rpc.question import Question
from caplet.rpc.remote import ImportedCapability
from caplet.rpc.resolution import raw_for_slot
from caplet.testing.objects import Service
from caplet.testing.scripted import ScriptedPeer


def local(peer):
    return LocalCapability(Service(), peer.vat.turns)


def promised(peer):
    return PromiseCapability(peer.vat.turns, AnswerState(peer.vat.turns))


def imported(peer):
    return ImportedCapability(peer.connection, Import(peer.connection, 0))


def pipelined(peer):
    return raw_for_slot(peer.connection, Question(peer.connection, 0).slot(()))


@pytest.mark.parametrize("make", [local, promised, imported, pipelined])
def test_what_is_told_to_be_gone_is_found_by_nobody(make):
    peer = ScriptedPeer()
    found = []
    capability = make(peer)
    reference = weakref.ref(capability)
    # What a loop does that is woken while a finaliser runs in another thread.
    peer.vat.turns.host.wake = lambda: found.append(reference())
    peer.vat.turns.rest()
    del capability
    assert found == [None]
