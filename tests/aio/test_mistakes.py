"""Mistakes of programs around connections: each is an error at once that says what was given, what was expected, and how it is done."""

from __future__ import annotations

import asyncio
import copy
import pickle
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import caplet
from caplet import blocking

from .conftest import EchoServer, World, schema, world
from .transports.certificates import contexts


def mistaken(kind: type[Exception], text: str) -> Any:
    return pytest.raises(kind, match=re.escape(text))


def run_in_world(scenario: Callable[[World], Awaitable[None]]) -> None:
    """Run a scenario with a server and a connection to it, whose tables are empty in the end."""

    async def main() -> None:
        async with world("memory:mistakes") as made:
            await scenario(made)

    asyncio.run(main())


class Slip(schema.Echo.Server):
    """A server whose method has nearly the right name."""

    async def ecko(self, number: int, text: str) -> tuple[int, str]:
        return number, text


# --- opening ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["tcp://127.0.0.1:0", "memory:mistakes", "ws://127.0.0.1:0/"])
def test_rules_for_tls_are_not_dropped_where_nothing_would_be_encrypted(place: str) -> None:
    server, client = contexts()
    with mistaken(ValueError, "nothing would be encrypted at"):
        caplet.serve(place, EchoServer(), tls=server)
    with mistaken(ValueError, "nothing would be encrypted at"):
        caplet.connect(place, tls=client)
    caplet.serve([place, "tls://127.0.0.1:0"], EchoServer(), tls=server)


OPTIONS: list[tuple[dict[str, Any], str]] = [
    ({"limits": 5}, "expected caplet.Limits for limits=, not int"),
    ({"tls": True}, "expected an ssl.SSLContext for tls=, not bool"),
    ({"interceptor": caplet.Interceptor}, "extends caplet.Interceptor, not the class Interceptor"),
]


@pytest.mark.parametrize(("options", "text"), OPTIONS)
def test_an_option_of_the_wrong_type_is_refused_at_once(options: dict[str, Any], text: str) -> None:
    with mistaken(TypeError, text):
        caplet.connect("tls://127.0.0.1:1", **options)
    with mistaken(TypeError, text):
        caplet.serve("tls://127.0.0.1:1", EchoServer(), **options)


def test_coming_back_wants_a_policy() -> None:
    policy: Any
    for policy in (True, caplet.Reconnect):
        with mistaken(TypeError, "expected caplet.Reconnect(...) for reconnect=, not "):
            caplet.connect("tcp://127.0.0.1:1", reconnect=policy)


def test_a_place_that_is_none_is_refused() -> None:
    async def main() -> None:
        place: Any
        for place in (("127.0.0.1", 5923), (1, 2, 3)):
            with mistaken(TypeError, "an address is text, such as"):
                await caplet.connect(place)
        nothing: Any = None
        with mistaken(TypeError, "expected an address such as 'tcp://127.0.0.1:0', or several, not NoneType"):
            caplet.serve(nothing, EchoServer())

    asyncio.run(main())


def test_a_connection_that_is_not_open_says_how_it_is_opened() -> None:
    opening: Any = caplet.connect("tcp://127.0.0.1:1")
    with mistaken(AttributeError, "a connection that is not open has no 'bootstrap': await caplet.connect(...)"):
        opening.bootstrap(schema.Echo)
    with mistaken(AttributeError, "a connection that is not open has no 'bootstarp'"):
        opening.bootstarp()
    assert (
        repr(opening) == "<caplet connection to tcp://127.0.0.1:1, not open: await it, or enter it with `async with`>"
    )


# --- interfaces, clients, objects -------------------------------------------------------------------------------------------------------


def test_what_is_no_interface_is_refused_by_all_that_want_one() -> None:
    async def scenario(made: World) -> None:
        echo = made.echo
        wants: list[Any] = [
            echo.cast_as,
            lambda thing: caplet.upcast(echo, thing),
            caplet.null,
            caplet.promise,
            lambda thing: caplet.broken(thing, ValueError()),
        ]
        for want in wants:
            with mistaken(TypeError, "expected an interface of a schema, not str"):
                want("Echo")
            with mistaken(TypeError, "not the class EchoServer; servers extend Echo.Server, the interface is Echo"):
                want(EchoServer)
            with mistaken(TypeError, "expected an interface of a schema, not SchemaModule"):
                want(schema)

    run_in_world(scenario)


def test_what_is_no_client_is_refused_by_all_that_want_one() -> None:
    async def scenario(made: World) -> None:
        wants: list[Any] = [
            caplet.debug_info,
            caplet.revocable,
            lambda thing: caplet.on_broken(thing, print),
            lambda thing: caplet.intercept(thing, caplet.Interceptor()),
            lambda thing: caplet.upcast(thing, schema.Echo),
        ]
        for want in wants:
            with mistaken(TypeError, "expected a client, not int"):
                want(5)
            with mistaken(TypeError, "not EchoServer; caplet.this_cap(...) gives a client of a Server object"):
                want(EchoServer())
        anything: Any = 5
        with mistaken(TypeError, "expected a client, not int"):
            await caplet.when_resolved(anything)
        with mistaken(TypeError, "expected a client, not int"):
            await caplet.local_server(anything, EchoServer)
        with mistaken(TypeError, "expected the class of a Server, not int"):
            await caplet.local_server(caplet.null(schema.Echo), anything)

    run_in_world(scenario)


def test_the_toolkit_says_what_it_expected() -> None:
    async def scenario(made: World) -> None:
        anything: Any = "anything"
        client, resolver = caplet.promise(schema.Echo)
        assert repr(resolver) == "<resolver of a promise of Echo>"
        with mistaken(TypeError, "expected an exception, not str"):
            resolver.reject(anything)
        resolver.resolve(None)
        assert repr(resolver) == "<resolver of a promise of Echo, done>"
        with mistaken(TypeError, "expected an exception, not str"):
            caplet.broken(schema.Echo, anything)
        with mistaken(TypeError, "expected a function of the reason, not str"):
            caplet.on_broken(client, anything)
        with mistaken(TypeError, "extends caplet.MembranePolicy, not the class MembranePolicy"):
            caplet.Membrane(caplet.MembranePolicy)  # type: ignore[arg-type]
        with mistaken(TypeError, "expected an object of a Server class, not the class EchoServer"):
            caplet.this_cap(EchoServer)  # type: ignore[arg-type]
        with mistaken(TypeError, "expected a file or a descriptor, not str"):
            caplet.attach_fd(EchoServer(), anything)
        with mistaken(TypeError, "expected a file or an asyncio stream to write to, not str"):
            caplet.ByteWriter(anything)
        for source in (anything, 5):
            with mistaken(TypeError, f"expected bytes, a file or an iterable of bytes, not {type(source).__name__}"):
                await caplet.copy_bytes(source, caplet.null(caplet.ByteStream))

    run_in_world(scenario)


def test_a_client_that_was_closed_says_so() -> None:
    async def scenario(made: World) -> None:
        echo = made.echo
        other = copy.copy(echo)
        echo.close()
        with mistaken(caplet.Failed, "this client was closed"):
            await echo.echo(1, "one")
        assert repr(echo) == "<Echo: broken: this client was closed>"
        assert (await other.echo(1, "one")).text == "one"
        other.close()

    run_in_world(scenario)


def test_a_client_is_neither_pickled_nor_copied_deeply() -> None:
    async def scenario(made: World) -> None:
        echo = made.echo
        for copies in (pickle.dumps, copy.deepcopy):
            with mistaken(
                TypeError, "a client of Echo refers to an object that lives elsewhere, and cannot be pickled"
            ):
                copies(echo)

    run_in_world(scenario)


# --- server classes ---------------------------------------------------------------------------------------------------------------------


def test_a_method_with_nearly_the_right_name_is_named_to_whoever_misses_it() -> None:
    async def main() -> None:
        async with caplet.serve("memory:mistakes", Slip()), caplet.connect("memory:mistakes") as connection:
            echo = connection.bootstrap(schema.Echo)
            with mistaken(caplet.Unimplemented, "Slip does not implement Echo.echo(); it has a method ecko()"):
                await echo.echo(1, "one")

    asyncio.run(main())


def test_a_method_that_wants_the_context_by_another_name_is_told_its_name() -> None:
    class Migrated(schema.Echo.Server):
        async def echo(self, number: int, text: str, _context: object) -> None: ...

    with mistaken(TypeError, "its params are: number, text (and `context`, for the call's context)"):
        caplet.serve("memory:mistakes", Migrated())
        caplet.this_cap(Migrated())


# --- names ------------------------------------------------------------------------------------------------------------------------------


def test_python_shows_the_nearest_name_for_one_that_the_package_does_not_have() -> None:
    with mistaken(AttributeError, "module 'caplet' has no attribute 'conect'") as caught:
        caplet.conect("tcp://127.0.0.1:1")  # type: ignore[attr-defined]
    assert (caught.value.name, caught.value.obj) == ("conect", caplet)  # what Python looks for the nearest name with


def test_the_blocking_form_lists_its_own_names_only() -> None:
    assert dir(blocking) == sorted(blocking.__all__)
