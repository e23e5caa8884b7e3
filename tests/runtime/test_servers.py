"""Server methods: what they get, what they may give, what becomes of their errors, and the life of the objects."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import os
import pickle
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import caplet
from caplet.runtime.servers import capability_of

schema = caplet.load(Path(__file__).with_name("calls.capnp"))
TIMEOUT_S = 60


def within_a_minute(coroutine: Any) -> None:
    asyncio.run(asyncio.wait_for(coroutine, TIMEOUT_S))


def connected(service: Any, use: Callable[..., Any], interface: Any = schema.Worker) -> None:
    """Serve an object, and use a client of it on the other side of a connection."""

    async def main() -> None:
        async with caplet.serve("memory:servers", service), caplet.connect("memory:servers") as connection:
            client = connection.bootstrap(interface)
            await use(client)
            client.close()

    within_a_minute(main())


# --- what a method gets -----------------------------------------------------------------------------------------------------------------


def test_a_method_gets_the_params_that_it_names_in_any_order() -> None:
    class Server(schema.Worker.Server):
        async def run(self, note: str, number: int) -> tuple[int, str]:
            return number, note

        def quiet(self) -> None:
            return None

    async def use(worker: Any) -> None:
        assert (await worker.run(3, "x")).to_dict() == {"number": 3, "note": "x"}
        assert (await worker.quiet()).to_dict() == {}

    connected(Server(), use)


def test_a_method_may_take_its_context_beside_params_and_alone() -> None:
    class Server(schema.Worker.Server):
        async def run(self, number: int, *, context: Any) -> None:
            assert context.params.note == "x"
            context.results.number = number + 1
            context.results.note = str(context.peer is not None)

        @caplet.by_context
        async def make(self, call: Any) -> None:
            call.results.name = call.params.person.name
            call.results.age = 5

    async def use(worker: Any) -> None:
        assert (await worker.run(3, "x")).to_dict() == {"number": 4, "note": "True"}
        assert (await worker.make({"name": "Ann"})).to_dict() == {"name": "Ann", "age": 5}

    connected(Server(), use)


def test_params_of_any_name_reach_the_method() -> None:
    class Server(schema.Odd.Server):
        def names(
            this, self: str, from_: str, results: str, context: str, params: str, which_: str, schema: str, cancel: str
        ) -> Any:
            texts = self, from_, results, context, params, which_, schema
            return (*(text.upper() for text in texts), this)

    async def use(odd: Any) -> None:
        call = odd.names("a", "b", "c", "d", "e", "f", "g", "h")
        assert isinstance(call.cancel_, schema.Odd)
        results = await call
        found = results.self, results.from_, results.results, results.context, results.params, results.which_
        assert found == ("A", "B", "C", "D", "E", "F")
        assert results.schema == "G"
        named = await odd.names(**{"self": "x", "from": "y", "which": "z"})
        assert (named.self, named.from_, named.which_) == ("X", "Y", "Z")

    connected(Server(), use, schema.Odd)


def test_all_params_come_by_two_stars_and_through_the_context() -> None:
    class Server(schema.Odd.Server):
        def names(this, **named: Any) -> dict[str, Any]:
            del named["cancel"]
            return {name: text * 2 for name, text in named.items()}

    class ByContext(schema.Odd.Server):
        @caplet.by_context
        def names(self, context: Any) -> dict[str, Any]:
            return {"self": context.params.self + context.params.context}

    async def use(odd: Any) -> None:
        assert (await odd.names(context="a", self="b")).to_dict()["self"] in ("bb", "ba")

    connected(Server(), use, schema.Odd)
    connected(ByContext(), use, schema.Odd)


def test_params_that_are_a_union() -> None:
    class Server(schema.Odd.Server):
        def measure(self, circle: float | None = None, label: str | None = None, corner: Any = None) -> dict[str, Any]:
            if circle is not None:
                return {"circle": circle * 2}
            return {"label": "point"} if corner is not None else {"label": f"{label}!"}

    class ByContext(schema.Odd.Server):
        @caplet.by_context
        def measure(self, context: Any) -> None:
            shape = context.params
            match shape.which:
                case "circle":
                    context.results.circle = shape.circle * 2
                case "label":
                    context.results.label = f"{shape.label}!"
                case _:
                    context.results.label = "point"

    async def use(odd: Any) -> None:
        assert (await odd.measure(circle=2)).circle == 4
        assert (await odd.measure(label="a")).label == "a!"
        results = await odd.measure(corner={"x": 1})
        assert (results.which, results.label) == ("label", "point")

    connected(Server(), use, schema.Odd)
    connected(ByContext(), use, schema.Odd)


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        (
            lambda self, number, colour: None,
            r"wants 'colour', which Worker\.run\(\) does not have; its params are: number, note",
        ),
        (lambda: None, "must have a first parameter"),
        (caplet.by_context(lambda self, a, b: None), "must have one parameter beside self"),  # type: ignore[misc, arg-type]
        (staticmethod(lambda number: None), "must be an ordinary method, not a staticmethod"),
        (caplet.on_release(lambda self: None), "needs another name"),  # type: ignore[misc, arg-type]
    ],
)
def test_a_method_that_cannot_be_called_is_an_error_when_the_object_is_first_used(method: Any, problem: str) -> None:
    server = type("Bad", (schema.Worker.Server,), {"run": method})()
    with pytest.raises(TypeError, match=problem):
        capability_of(server)


def test_members_of_a_union_and_params_named_like_the_object_need_care() -> None:
    with pytest.raises(TypeError, match="'circle', a member of a union; give it a default"):
        capability_of(type("Bad", (schema.Odd.Server,), {"measure": lambda self, circle: None})())
    with pytest.raises(TypeError, match="is to get a param 'self'"):
        capability_of(type("Bad", (schema.Odd.Server,), {"names": lambda self, **named: None})())


# --- what a method gives ----------------------------------------------------------------------------------------------------------------


def returning(result: Any) -> Any:
    """Return a server whose methods return what a function of the context makes."""

    class Server(schema.Worker.Server):
        def run(self, *, context: Any) -> Any:
            return result(context)

        def make(self, *, context: Any) -> Any:
            return result(context)

        def list(self, *, context: Any) -> Any:
            return result(context)

    return Server()


@pytest.mark.parametrize(
    "result",
    [
        lambda context: {"number": 1, "note": "a"},
        lambda context: (1, "a"),
        lambda context: schema.Worker._interface.methods[0].results(number=1, note="a"),
        lambda context: schema.Worker._interface.methods[0].results(number=1, note="a").as_reader(),
        lambda context: (setattr(context.results, "number", 1), setattr(context.results, "note", "a"), context.results)[
            2
        ],
        lambda context: (setattr(context.results, "number", 1), {"note": "a"})[1],
    ],
)
def test_results_are_given_by_mapping_tuple_struct_and_in_place(result: Any) -> None:
    async def use(worker: Any) -> None:
        assert (await worker.run()).to_dict() == {"number": 1, "note": "a"}

    connected(returning(result), use)


def test_results_that_are_a_struct_of_the_schema() -> None:
    async def use(worker: Any) -> None:
        assert (await worker.make()).name == "Ann"

    connected(returning(lambda context: schema.Person(name="Ann")), use)
    connected(returning(lambda context: {"name": "Ann"}), use)


def test_the_only_result_may_be_returned_bare_and_a_tuple_never_is_one() -> None:
    async def use(worker: Any) -> None:
        assert list((await worker.list()).items) == [1, 2]

    connected(returning(lambda context: [1, 2]), use)
    connected(returning(lambda context: ([1, 2],)), use)


def test_a_result_that_does_not_fit_fails_the_call_and_says_what_was_expected() -> None:
    async def use(worker: Any) -> None:
        with pytest.raises(
            caplet.Failed,
            match=r"returned str; expected nothing, a mapping by name, a tuple .* or Worker\.run\.Results",
        ):
            await worker.run()
        with pytest.raises(caplet.Failed, match="items: expected"):
            await worker.list()

    connected(returning(lambda context: "text"), use)


# --- the context ------------------------------------------------------------------------------------------------------------------------


def test_a_tail_call_answers_with_what_another_answers(caplog: Any) -> None:
    class Relay(schema.Worker.Server):
        def __init__(self, returned: object = None) -> None:
            self.inner = Inner()
            self.returned = returned

        async def run(self, number: int, *, context: Any) -> Any:
            request = caplet.this_cap(self.inner).run.request()
            request.params.number = number * 10
            context.tail_call(request)
            return self.returned

        def quiet(self, *, context: Any) -> None:
            context.results  # noqa: B018  (begins the results)
            context.tail_call(caplet.this_cap(self.inner).quiet.request())

    class Inner(schema.Worker.Server):
        async def run(self, number: int) -> dict[str, Any]:
            return {"number": number + 1}

    async def use(worker: Any) -> None:
        assert (await worker.run(4)).number == 41
        with pytest.raises(caplet.Failed, match="after its results were begun"):
            await worker.quiet()

    connected(Relay(), use)
    assert not caplog.records
    connected(Relay("lost"), use)
    assert "made a tail call and returned str, which is lost" in caplog.text


def test_a_pipeline_set_early_is_used_before_the_method_returns() -> None:
    class Server(schema.Worker.Server):
        def __init__(self) -> None:
            self.called = asyncio.Event()

        async def hold(self, *, context: Any) -> Any:
            context.set_pipeline({"worker": self})
            with pytest.raises(caplet.Failed, match="was set before"):
                context.set_pipeline({"worker": None})
            await self.called.wait()
            return self

        async def run(self, number: int) -> dict[str, Any]:
            self.called.set()
            return {"number": number}

    async def use(worker: Any) -> None:
        call = worker.hold()
        assert (await call.worker.run(5)).number == 5
        assert isinstance((await call).worker, schema.Worker)

    connected(Server(), use)


def test_params_are_released_early() -> None:
    class Helper(schema.Worker.Server):
        pass

    class Server(schema.Worker.Server):
        async def child(self, *, context: Any) -> None:
            connection = context._call.connection
            assert (context.params.helper is not None, connection.stats()["imports"]) == (True, 1)
            context.release_params()
            with pytest.raises(caplet.Failed, match="released"):
                context.params  # noqa: B018
            await until(lambda: connection.stats()["imports"] == 0)

    async def use(worker: Any) -> None:
        await worker.child(Helper())

    connected(Server(), use)


def test_params_that_are_released_let_the_callers_object_go_before_the_answer_row_65() -> None:
    class Helper(schema.Worker.Server):
        def __init__(self) -> None:
            self.released = asyncio.Event()

        @caplet.on_release
        def gone(self) -> None:
            self.released.set()

    helpers: list[Helper] = []

    class Server(schema.Worker.Server):
        async def child(self, *, context: Any) -> None:
            context.release_params()
            await helpers[-1].released.wait()

        def quiet(self) -> None:
            return None

    async def use(worker: Any) -> None:
        helpers.append(Helper())
        released = helpers[0].released
        call = worker.child(helpers[0])
        await released.wait()
        await call
        # Twice the same object, which somebody else holds too.
        helper = Helper()
        kept = caplet.this_cap(helper)
        helpers.append(helper)
        calls = [worker.child(kept), worker.child(kept)]
        await worker.quiet()
        assert not helper.released.is_set()
        kept.close()
        await asyncio.gather(*calls)

    connected(Server(), use)


def test_a_method_that_is_not_cancellable_sees_that_its_caller_cancelled() -> None:
    seen: list[bool] = []

    class Server(schema.Worker.Server):
        def __init__(self) -> None:
            self.started = asyncio.Event()

        @caplet.cancellable(False)
        async def quiet(self, *, context: Any) -> None:
            self.started.set()
            while not context.cancelled:  # noqa: ASYNC110  (a flag is what it is)
                await asyncio.sleep(0)
            seen.append(context.cancelled)

    server = Server()

    async def use(worker: Any) -> None:
        call = worker.quiet()
        await server.started.wait()
        call.cancel()
        while not seen:  # noqa: ASYNC110
            await asyncio.sleep(0)

    connected(server, use)


# --- errors -----------------------------------------------------------------------------------------------------------------------------


class NotFound(caplet.Failed):
    """An error of a program, with arguments of its own."""

    def __init__(self, key: str, *, attempts: int) -> None:
        super().__init__(f"{key} is not there")
        self.attempts = attempts


class Unspeakable(Exception):
    """An error whose text cannot be had."""

    def __str__(self) -> str:
        raise ValueError("no text")


async def cancel_itself() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


def raising(error: BaseException) -> Any:
    class Server(schema.Worker.Server):
        async def run(self) -> None:
            raise error

        def list(self) -> None:
            raise error

        async def quiet(self) -> None:
            return None

    return Server()


@pytest.mark.parametrize("method", ["run", "list"])
@pytest.mark.parametrize(
    ("error", "kind", "text", "logged"),
    [
        (caplet.Failed("a"), caplet.Failed, "a", False),
        (caplet.Overloaded("b"), caplet.Overloaded, "b", False),
        (caplet.Disconnected("c"), caplet.Disconnected, "c", False),
        (caplet.Unimplemented("d"), caplet.Unimplemented, "d", False),
        (NotImplementedError("e"), caplet.Unimplemented, "NotImplementedError: e", False),
        (NotFound("f", attempts=3), caplet.Failed, "f is not there", False),
        (ValueError("g"), caplet.Failed, "ValueError: g", True),
        (KeyError("h"), caplet.Failed, "KeyError: 'h'", True),
        (ZeroDivisionError(), caplet.Failed, "ZeroDivisionError", True),
        (Unspeakable(), caplet.Failed, "Unspeakable", True),
        (caplet.DecodeError("i"), caplet.Failed, "DecodeError: i", True),
        (
            ExceptionGroup("j", [ValueError("k"), caplet.Failed("l")]),
            caplet.Failed,
            r"j \(2 sub-exceptions\): ValueError: k; l",
            True,
        ),
    ],
)
def test_errors_keep_their_kind_and_others_fail_and_are_logged(
    caplog: Any, method: str, error: Exception, kind: type[Exception], text: str, logged: bool
) -> None:
    async def use(worker: Any) -> None:
        with pytest.raises(kind, match=f"{text}$") as caught:
            await getattr(worker, method)()
        assert type(caught.value) is kind
        await worker.quiet()

    connected(raising(error), use)
    found = [record for record in caplog.records if record.name == "caplet" and record.exc_info]
    assert len(found) == (1 if logged else 0)


def test_no_word_of_a_traceback_is_on_the_wire() -> None:
    sent: list[bytes] = []

    async def main() -> None:
        server = raising(ValueError("secret reason"))
        async with caplet.serve("memory:wire", server), caplet.connect("memory:wire") as connection:
            connection.trace(lambda direction, message: sent.extend(bytes(part.content()) for part in message.segments))
            with pytest.raises(caplet.Failed):
                await connection.bootstrap(schema.Worker).run()

    within_a_minute(main())
    wire = b"".join(sent)
    assert b"ValueError: secret reason" in wire
    for word in (b"Traceback", b"File ", b".py", b"raise ", b"test_servers"):
        assert word not in wire


def test_an_error_of_a_program_with_its_own_arguments_passes_through_local_calls_and_pickles() -> None:
    async def main() -> None:
        with pytest.raises(NotFound, match="f is not there") as caught:
            await caplet.this_cap(raising(NotFound("f", attempts=3))).run()
        assert caught.value.attempts == 3
        copied = pickle.loads(pickle.dumps(caught.value))
        assert (type(copied), str(copied), copied.attempts) == (NotFound, "f is not there", 3)

    within_a_minute(main())


class Stopping(BaseException):
    """What a framework raises through the functions of a program, as test runners do."""


@pytest.mark.parametrize("address", ["memory:stopped", "tcp://127.0.0.1:0"])
@pytest.mark.parametrize(
    ("method", "name"),
    [("run", "CancelledError"), ("make", "CancelledError"), ("list", "Stopping")],
    ids=["coroutine", "function", "another"],
)
def test_a_cancellation_that_nobody_asked_for_is_failed_and_logged(
    caplog: Any, method: str, name: str, address: str
) -> None:
    class Server(schema.Worker.Server):
        async def run(self) -> None:
            await cancel_itself()

        def make(self) -> None:
            raise asyncio.CancelledError

        def list(self) -> None:
            raise Stopping

        async def quiet(self) -> None:
            return None

    async def main() -> None:
        async with caplet.serve(address, Server()) as serving, caplet.connect(serving.address) as connection:
            worker = connection.bootstrap(schema.Worker)
            calls = worker.quiet(), getattr(worker, method)(), worker.quiet()
            with pytest.raises(caplet.Failed, match=f"stopped by {name}"):
                await calls[1]
            await asyncio.gather(calls[0], calls[2])
            await worker.quiet()

    within_a_minute(main())
    assert f"a {name} that nobody asked for" in caplog.text
    assert {record.name for record in caplog.records} == {"caplet"}


def test_a_method_that_is_stopped_by_the_end_of_its_program_is_disconnected() -> None:
    class Server(schema.Worker.Server):
        async def quiet(self) -> None:
            await asyncio.get_running_loop().create_future()

    async def use(worker: Any) -> None:
        call = worker.quiet()
        ours = asyncio.current_task()
        others: set[asyncio.Task[Any]] = set()
        while not others:
            await asyncio.sleep(0)
            others = {task for task in asyncio.all_tasks() if "Server.quiet" in repr(task)}
        for task in others:
            assert task is not ours
            task.cancel()
        with pytest.raises(caplet.Disconnected, match=r"did not finish: its program is ending \(CancelledError\)"):
            await call

    connected(Server(), use)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("method", ["run", "list"])
def test_keyboard_interrupt_and_system_exit_reach_the_loop(error: type[BaseException], method: str) -> None:
    async def use(worker: Any) -> None:
        await getattr(worker, method)()

    with pytest.raises(error):
        connected(raising(error()), use)


# --- contexts and tasks -----------------------------------------------------------------------------------------------------------------

variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nothing")


@pytest.mark.parametrize("kind", ["coroutine", "function"])
def test_context_variables_of_the_server_are_seen_and_do_not_leak_between_calls(kind: str) -> None:
    def look() -> tuple[int, str]:
        before = variable.get()
        variable.set("of a call")
        return 0, before

    class Coroutine(schema.Worker.Server):
        async def run(self) -> tuple[int, str]:
            return look()

    class Function(schema.Worker.Server):
        def run(self) -> tuple[int, str]:
            return look()

    async def main() -> None:
        variable.set("of the server")
        server = Coroutine() if kind == "coroutine" else Function()
        async with caplet.serve("tcp://127.0.0.1:0", server) as serving, caplet.connect(serving.address) as connection:
            variable.set("of the client")
            worker = connection.bootstrap(schema.Worker)
            found = [(await call).note for call in [worker.run() for _ in range(3)]]
            assert found == ["of the server"] * 3
            variable.set("of the caller")
            local = caplet.this_cap(server)
            first = local.run()
            variable.set("later")
            assert [(await first).note, (await local.run()).note] == ["of the caller", "later"]
        assert variable.get() == "later"

    within_a_minute(main())


def test_timeouts_groups_and_the_current_task_work_inside_methods() -> None:
    class Server(schema.Worker.Server):
        async def run(self, number: int) -> tuple[int, str]:
            task = asyncio.current_task()
            assert task is not None
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0):
                    await asyncio.get_running_loop().create_future()
            async with asyncio.TaskGroup() as group:
                inner = group.create_task(asyncio.sleep(0, number))
            with pytest.raises(ExceptionGroup):  # noqa: PT012
                async with asyncio.TaskGroup() as group:
                    group.create_task(cancel_itself_and_fail())
                    await asyncio.get_running_loop().create_future()
            assert asyncio.current_task() is task
            assert task.cancelling() == 0
            return inner.result(), task.get_name()

    async def cancel_itself_and_fail() -> None:
        raise ValueError("fails the group")

    async def use(worker: Any) -> None:
        calls = [worker.run(number) for number in range(5)]
        results = [await call for call in calls]
        assert [result.number for result in results] == [0, 1, 2, 3, 4]
        assert len({result.note for result in results}) == 5

    connected(Server(), use)


# --- the life of an object --------------------------------------------------------------------------------------------------------------


class Watched(schema.Worker.Server):
    """Notes what happens to it."""

    def __init__(self, log: list[str], asynchronous: bool = False) -> None:
        self.log = log
        self.asynchronous = asynchronous

    async def run(self, number: int) -> dict[str, Any]:
        return {"number": number}

    def child(self) -> Any:
        return Watched(self.log)

    @caplet.on_release
    async def gone(self) -> None:
        await asyncio.sleep(0)
        self.log.append("gone later")

    @caplet.on_release
    def gone_at_once(self) -> None:
        self.log.append("gone")


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  (the end of something has no event)
        await asyncio.sleep(0)


def test_an_object_hears_when_its_last_reference_goes() -> None:
    log: list[str] = []

    async def use(worker: Any) -> None:
        async with worker.child().worker as child:
            assert (await child.run(1)).number == 1
            assert log == []
        await until(lambda: log == ["gone", "gone later"])
        first = await worker.child()
        first.worker.close()
        del first
        await until(lambda: len(log) == 4)

    connected(Watched(log), use)


def test_an_object_hears_when_its_peer_vanishes_within_a_turn() -> None:
    log: list[str] = []

    async def main() -> None:
        async with caplet.serve("tcp://127.0.0.1:0", lambda peer: Watched(log)) as serving:
            connection = await caplet.connect(serving.address)
            await connection.bootstrap(schema.Worker).run(1)
            connection._link.transport.abort()
            await until(lambda: "gone later" in log)

    within_a_minute(main())


def test_an_object_that_was_given_away_and_never_called_hears_it_too() -> None:
    log: list[str] = []

    async def main() -> None:
        client = caplet.this_cap(Watched(log))
        client.close()
        await until(lambda: "gone later" in log)

    within_a_minute(main())


def test_errors_of_release_hooks_are_logged_and_hurt_nobody(caplog: Any) -> None:
    class Server(schema.Worker.Server):
        def child(self) -> Any:
            return Bad()

        async def quiet(self) -> None:
            return None

    class Bad(schema.Worker.Server):
        @caplet.on_release
        def one(self) -> None:
            raise ValueError("first")

        @caplet.on_release
        async def two(self) -> None:
            raise ValueError("second")

    async def use(worker: Any) -> None:
        (await worker.child()).worker.close()
        gc.collect()
        await until(lambda: len(caplog.records) == 2)
        await worker.quiet()

    connected(Server(), use)
    assert all("failed when it was released" in record.getMessage() for record in caplog.records)


def test_an_object_reaches_its_own_capability() -> None:
    class Server(schema.Worker.Server):
        async def hold(self) -> Any:
            me = caplet.this_cap(self)
            assert type(me) is schema.Worker
            assert me == caplet.this_cap(self)
            assert (await me.run(1)).number == 2
            return me

        async def run(self, number: int) -> dict[str, Any]:
            return {"number": number + 1}

    async def use(worker: Any) -> None:
        again = (await worker.hold()).worker
        assert (await again.run(5)).number == 6
        assert again == worker

    connected(Server(), use)


def test_an_object_shortens_the_way_to_what_it_stands_for_row_113() -> None:
    calls: list[str] = []

    @caplet.shortenable
    class Relay(schema.Worker.Server):
        def __init__(self, target: Any) -> None:
            self.target = target

        async def run(self, number: int) -> Any:
            calls.append("relay")
            results = await self.target.run(number)
            return {"number": results.number}

    class Target(schema.Worker.Server):
        async def run(self, number: int) -> dict[str, Any]:
            calls.append("target")
            return {"number": number}

    class Server(schema.Worker.Server):
        def __init__(self) -> None:
            self.relay = Relay(caplet.this_cap(Target()))

        def hold(self) -> Any:
            return self.relay

        def quiet(self) -> None:
            caplet.shorten(self.relay, self.relay.target)

    async def use(worker: Any) -> None:
        child = (await worker.hold()).worker
        assert (await child.run(1)).number == 1
        assert calls == ["relay", "target"]
        await worker.quiet()
        assert (await child.run(2)).number == 2
        assert calls == ["relay", "target", "target"]
        with pytest.raises(caplet.Failed, match="stands for another object already"):
            await worker.quiet()

    connected(Server(), use)
    with pytest.raises(TypeError, match=r"not marked by caplet\.shortenable"):
        caplet.shorten(Target(), Target())


def test_a_descriptor_is_attached_to_an_object_row_22(tmp_path: Path) -> None:
    class Server(schema.Worker.Server):
        pass

    server = Server()
    assert capability_of(server).fd is None
    with (tmp_path / "file").open("w") as file:
        caplet.attach_fd(server, file)
        capability = capability_of(server)
        assert capability.fd == file.fileno()
    assert capability.fd is None
    reading, writing = os.pipe()
    try:
        caplet.attach_fd(server, reading)
        assert capability.fd == reading
        caplet.attach_fd(server, None)
        assert capability.fd is None
    finally:
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("address", ["memory:cycles", "tcp://127.0.0.1:0"])
def test_calls_errors_and_objects_leave_no_cycles(address: str) -> None:
    log: list[str] = []
    kept: list[weakref.ref[Any]] = []

    class Server(schema.Worker.Server):
        async def run(self, number: int) -> tuple[int, str]:
            if number == 1:
                raise caplet.Overloaded("on purpose")
            return number, ""

        def child(self, helper: Any) -> Any:
            made = Watched(log)
            kept.append(weakref.ref(made))
            return made

        async def quiet(self) -> None:
            await asyncio.get_running_loop().create_future()

    async def one_round(worker: Any) -> None:
        child = worker.child(Watched(log)).worker
        await child.run(7)
        with pytest.raises(caplet.Overloaded):
            await worker.run(1)
        call = worker.quiet()
        call.cancel()
        with pytest.raises(caplet.Failed):
            await call
        await worker.run(2)
        child.close()

    async def main() -> None:
        async with caplet.serve(address, Server()) as serving, caplet.connect(serving.address) as connection:
            worker = connection.bootstrap(schema.Worker)
            for _ in range(3):
                await one_round(worker)
            await until(lambda: log.count("gone") == 6)
            gc.collect()
            gc.disable()
            try:
                for _ in range(20):
                    await one_round(worker)
                await until(lambda: log.count("gone") == 46)
                await worker.run(3)
                assert [reference for reference in kept if reference() is not None] == []
                gc.set_debug(gc.DEBUG_SAVEALL)
                gc.collect()
                left = [thing for thing in gc.garbage if type(thing).__module__.startswith("caplet")]
                assert left == [], left[:5]
            finally:
                gc.set_debug(0)
                gc.garbage.clear()
                gc.enable()
            worker.close()

    logging.getLogger("caplet").setLevel(logging.CRITICAL)
    try:
        within_a_minute(main())
    finally:
        logging.getLogger("caplet").setLevel(logging.NOTSET)


def test_a_server_of_a_generic_interface_binds_its_types() -> None:
    assert schema.Store.Server[schema.Person] is schema.Store[schema.Person].Server
    assert schema.Store.Server.PutContext is caplet.CallContext

    class Server(schema.Store.Server[schema.Person]):
        def __init__(self) -> None:
            self.kept: dict[str, Any] = {}

        async def put(self, key: str, value: Any) -> None:
            self.kept[key] = value.name

        async def get(self, key: str) -> dict[str, Any]:
            return {"value": {"name": self.kept[key]}}

    async def use(store: Any) -> None:
        await store.put("a", {"name": "Ann"})
        results = await store.get("a")
        assert isinstance(results.value, schema.Person)
        assert results.value.name == "Ann"
        assert (await store.cast_as(schema.Store).get("a")).value.as_(schema.Person).name == "Ann"

    connected(Server(), use, schema.Store[schema.Person])
