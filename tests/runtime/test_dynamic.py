"""Access by the schema's names; one function for all methods of a server; casts between interfaces."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.errors import InactiveMemberError

schemas = caplet.SchemaRegistry()
module = schemas.load(Path(__file__).with_name("reflected.capnp"))
TIMEOUT_S = 60


def test_structs_are_mappings_by_the_schemas_names() -> None:
    person = module.Person()
    view = caplet.dynamic(person)
    view["fullName"] = "Alice"
    view["class"] = "blue"
    view["friends"] = [{"fullName": "Bob"}, {"full_name": "Carol"}]
    assert (person.full_name, person.paint, len(person.friends)) == ("Alice", module.Color.AZURE, 2)
    assert view["friends"][0]["fullName"] == "Bob"
    assert [friend["fullName"] for friend in view["friends"]] == ["Bob", "Carol"]
    assert [friend["fullName"] for friend in view["friends"][1:]] == ["Carol"]
    view["friends"][1] = view["friends"][0]
    assert person.friends[1].full_name == "Bob"
    assert list(caplet.dynamic(person.as_reader())) == ["fullName", "friends", "email", "class"]
    assert ("fullName" in view, "box" in view, "full_name" in view) == (True, False, False)
    assert (len(view), view.which) == (4, "email")
    view["box"]["number"] = 4
    assert (view.which, person.box.number) == ("box", 4)
    with pytest.raises(InactiveMemberError):
        caplet.dynamic(person.as_reader())["email"]
    view.clear("fullName")
    assert person.full_name == "nobody"
    view.init("friends", 1)[0]["fullName"] = "Dora"
    assert person.friends[0].full_name == "Dora"
    assert repr(view).startswith("dynamic(Person(")


def test_names_that_are_not_there_say_what_is_near() -> None:
    view = caplet.dynamic(module.Person())
    with pytest.raises(KeyError, match="no field 'fulName'; did you mean fullName"):
        view["fulName"]
    with pytest.raises(KeyError, match="no field 'full_name'"):
        view["full_name"] = "x"
    with pytest.raises(KeyError, match="no method 'putPersn'; did you mean putPerson"):
        caplet.dynamic(module.Store(None))["putPersn"]
    with pytest.raises(TypeError, match="expected a struct, a client or a call"):
        caplet.dynamic(5)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="readers are immutable"):
        caplet.dynamic(module.Person().as_reader()).init("friends", 1)
    with pytest.raises(AttributeError, match="readers are immutable"):
        caplet.dynamic(module.Person().as_reader())["fullName"] = "Ann"


def answer(method: Any, context: caplet.CallContext) -> object:
    """Answer every method of a store."""
    params = caplet.dynamic(context.params)
    if method.name == "putPerson":
        return (len(params["thePerson"]["fullName"]) + params["context"],)
    if method.name == "giveBack":
        if params["someValue"] == "fail":
            raise caplet.Overloaded("not for you")
        return {"sameValue": f"{method.interface.name}: {params['someValue']}"}
    if method.name == "child":
        me = caplet.dynamic_server(module.Store, later)
        return {"child": me, "best": {"store": me, "age": 3}}
    assert method.streaming
    return None


async def later(method: Any, context: caplet.CallContext) -> object:
    await asyncio.sleep(0)
    return answer(method, context)


def test_clients_and_servers_work_by_the_schemas_names() -> None:
    async def scene() -> None:
        async with (
            caplet.serve("memory:dynamic", caplet.dynamic_server(module.Store, answer)) as server,
            caplet.connect(server.address) as connection,
        ):
            store = caplet.dynamic(connection.bootstrap(module.Store))
            assert list(store) == ["putPerson", "pour", "child", "giveBack"]
            results = await store["putPerson"](thePerson={"fullName": "four"}, context=3)
            assert results["slot"] == 7
            assert (await store["giveBack"]("x"))["sameValue"] == "Base: x"
            call = store["child"]()
            early = await call["best"]["store"]["putPerson"](thePerson={"fullName": "a"}, context=1)
            assert early["slot"] == 2
            assert (await call["child"]["giveBack"](someValue="y"))["sameValue"] == "Base: y"
            assert (await call)["best"]["age"] == 3
            with pytest.raises(KeyError, match="no field 'bst'; did you mean best"):
                call["bst"]
            with pytest.raises(caplet.Overloaded, match="not for you"):
                await store["giveBack"]("fail")
            await store["pour"](bits=b"x")
            with pytest.raises(AttributeError, match="prson"):
                store["putPerson"](prson={})

    asyncio.run(asyncio.wait_for(scene(), TIMEOUT_S))


def test_upcasts_are_checked_and_downcasts_are_not() -> None:
    store = module.Store(None)
    base = caplet.upcast(store, module.Base)
    assert type(base) is module.Base
    assert type(caplet.upcast(store, caplet.Client)) is caplet.Client
    with pytest.raises(TypeError, match="Base does not extend Store"):
        caplet.upcast(base, module.Store)
    assert type(base.cast_as(module.Store)) is module.Store


def test_a_client_of_another_interface_is_refused_where_it_is_given() -> None:
    calls = schemas.load(Path(__file__).with_name("calls.capnp"))
    store, base, other = (caplet.null(kind) for kind in (module.Store, module.Base, calls.Worker))
    module.Best(store=store)
    module.Best(store=caplet.null(caplet.Client))
    with pytest.raises(TypeError, match=r"Best.store: a client of .*Worker has no interface .*Store; .*cast_as"):
        module.Best(store=other)
    with pytest.raises(TypeError, match=r"Base has no interface .*Store"):
        module.Best(store=base)
    best = module.Best()
    with pytest.raises(TypeError, match="Worker has no interface"):
        best.store = other
    best.store = other.cast_as(module.Store)
