"""The tables of a connection by themselves: whatever entries ask of them is the connection's to do."""

from __future__ import annotations

from typing import Any

import pytest

from caplet.cap.capability import NULL
from caplet.cap.request import Request
from caplet.rpc import encode
from caplet.rpc.tables import Tables

ASKED: list[tuple[str, tuple[Any, ...]]] = [
    ("new_request", (NULL, 1, 0, 0)),
    ("send_request", (None, Request(NULL, 1, 0))),
    ("send", (encode.release(1, 1),)),
    ("refusal", (encode.release(1, 1),)),
    ("act_on_question", (None, 0)),
    ("act_on_answer", (None, 0)),
    ("act_on_export", (None, 0)),
    ("act_on_import", (None, 0)),
    ("call_answered", (None,)),
    ("frozen", (None, 0)),
    ("settle", (None, False, NULL)),
    ("promise_for_slot", (None,)),
    ("raw_for_slot", (None,)),
]


@pytest.mark.parametrize(("name", "arguments"), ASKED)
def test_tables_without_a_connection_do_nothing(name: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(NotImplementedError):
        getattr(Tables(), name)(*arguments)
