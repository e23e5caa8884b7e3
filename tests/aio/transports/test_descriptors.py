"""File descriptors pass with objects over Unix sockets, and nothing leaks."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import caplet

schema = caplet.load(Path(__file__).with_name("descriptors.capnp"))
TIMEOUT_S = 60

pytestmark = pytest.mark.usefixtures("each_loop")


class FileServer(schema.File.Server):
    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("rb", buffering=0)
        caplet.attach_fd(self, self.file)

    def name(self) -> str:
        return self.path.name


class StoreServer(schema.Store.Server):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[FileServer] = []

    def open(self, name: str) -> FileServer:
        self.opened.append(FileServer(self.folder / name))
        return self.opened[-1]

    async def keep(self, file: Any) -> str:
        fd = None if file is None else await caplet.duplicate_fd(file)
        if fd is None:
            return "nothing"
        with os.fdopen(fd) as copy:
            return copy.read()

    def close(self) -> None:
        for one in self.opened:
            one.file.close()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def converse(folder: Path, address: str, scenario: Any, limits: caplet.Limits | None = None) -> None:
    """Run a scenario with a store and a connection to it; no descriptor may be left behind."""

    async def main() -> None:
        store = StoreServer(folder)
        async with (
            asyncio.timeout(TIMEOUT_S),
            caplet.serve(address, store, limits=limits) as serving,
            caplet.connect(serving.address, limits=limits) as connection,
        ):
            await scenario(connection.bootstrap(schema.Store), store)
        store.close()

    asyncio.run(asyncio.sleep(0))  # the first loop of its kind opens descriptors that stay for the next ones
    gc.collect()
    before = open_descriptors()
    asyncio.run(main())
    gc.collect()
    assert open_descriptors() == before


@pytest.fixture(params=["unix", "memory"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "greeting").write_text("hello")
    return f"unix:{tmp_path}/s" if request.param == "unix" else "memory:descriptors"


def test_a_descriptor_comes_with_an_object_of_a_result_row_22(address: str, tmp_path: Path) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        file = (await store.open(name="greeting")).file
        for _ in range(2):
            fd = await caplet.duplicate_fd(file)
            assert fd is not None
            assert fd != service.opened[0].file.fileno()
            with os.fdopen(fd) as copy:
                copy.seek(0)
                assert copy.read() == "hello"
        assert (await file.name()).name == "greeting"

    converse(tmp_path, address, scenario)


def test_a_descriptor_goes_with_an_object_of_the_caller(address: str, tmp_path: Path) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        mine = FileServer(tmp_path / "greeting")
        service.opened.append(mine)
        assert (await store.keep(file=mine)).content == "hello"

    converse(tmp_path, address, scenario)


def test_a_descriptor_can_be_asked_of_an_object_that_is_not_there_yet(address: str, tmp_path: Path) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        fd = await caplet.duplicate_fd(store.open(name="greeting").file)
        assert fd is not None
        os.close(fd)

    converse(tmp_path, address, scenario)


def test_a_receiver_that_wants_no_descriptors_gets_none_row_112(address: str, tmp_path: Path) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        assert await caplet.duplicate_fd((await store.open(name="greeting")).file) is None

    converse(tmp_path, address, scenario, caplet.Limits(message_fds=0))


def test_no_more_descriptors_are_held_than_the_limits_allow_row_112(address: str, tmp_path: Path) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        files = [(await store.open(name="greeting")).file for _ in range(5)]
        copies = [await caplet.duplicate_fd(file) for file in files]
        assert [fd is not None for fd in copies] == [True, True, True, False, False]
        for fd in copies:
            if fd is not None:
                os.close(fd)
        # Room that is given back is used again.
        for file in files:
            file.close()
        await store.keep(file=None)
        fd = await caplet.duplicate_fd((await store.open(name="greeting")).file)
        assert fd is not None
        os.close(fd)

    converse(tmp_path, address, scenario, caplet.Limits(held_fds=3))


def test_descriptors_that_cannot_be_sent_leave_the_call_alone(address: str, tmp_path: Path, caplog: Any) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        mine = FileServer(tmp_path / "greeting")
        caplet.attach_fd(mine, 987654)
        service.opened.append(mine)
        assert (await store.keep(file=mine)).content == "nothing"

    converse(tmp_path, address, scenario)
    assert "descriptors [987654] were not sent" in caplog.text


def test_other_kinds_of_connections_leave_descriptors_out(tmp_path: Path) -> None:
    (tmp_path / "greeting").write_text("hello")

    async def scenario(store: Any, service: StoreServer) -> None:
        assert await caplet.duplicate_fd((await store.open(name="greeting")).file) is None

    converse(tmp_path, "tcp://127.0.0.1:0", scenario)


CHILD = """
import asyncio, os, sys
sys.path[:0] = {path!r}
import caplet
schema = caplet.load({schema!r})
class Store(schema.Store.Server):
    async def keep(self, file):
        fd = await caplet.duplicate_fd(file)
        print("what a child prints does no harm")
        if fd is None:
            return "nothing"
        with os.fdopen(fd) as copy:
            return copy.read()
async def main():
    lost = asyncio.Event()
    address = "fd:" + os.environ["CAPLET_SOCKET"] if "CAPLET_SOCKET" in os.environ else "stdio:"
    async with caplet.serve(address, Store(), on_lost=lambda connection, error: lost.set()):
        await lost.wait()
asyncio.run(main())
"""


@pytest.mark.parametrize(("over", "expected"), [("stdio", "nothing"), ("socket", "hello")])
def test_a_child_program_serves_over_what_it_inherited(over: Any, expected: str, tmp_path: Path) -> None:
    (tmp_path / "greeting").write_text("hello")
    code = CHILD.format(path=sys.path, schema=str(Path(__file__).with_name("descriptors.capnp")))

    async def main() -> None:
        child = caplet.ChildProcess(sys.executable, "-c", code, over=over)
        async with asyncio.timeout(TIMEOUT_S), caplet.connect(child) as connection:
            assert "child process" in str(connection.peer)
            mine = FileServer(tmp_path / "greeting")
            with mine.file:
                assert (await connection.bootstrap(schema.Store).keep(file=mine)).content == expected
        assert await child.wait() == 0

    asyncio.run(main())


def test_a_program_that_is_not_there_cannot_be_connected_to() -> None:
    async def main() -> None:
        with pytest.raises(caplet.Disconnected, match="no such program"):
            await caplet.connect(caplet.ChildProcess("/no such program"))

    asyncio.run(main())


def test_a_child_program_that_does_not_end_is_ended() -> None:
    async def main() -> None:
        child = caplet.ChildProcess(sys.executable, "-c", "import time; time.sleep(600)", stop_s=0)
        async with asyncio.timeout(TIMEOUT_S), caplet.connect(child):
            pass
        assert await child.wait() < 0

    asyncio.run(main())


def test_a_unix_peer_is_known_by_its_process(tmp_path: Path) -> None:
    seen: list[caplet.Peer] = []

    def make(peer: caplet.Peer) -> StoreServer:
        seen.append(peer)
        return StoreServer(tmp_path)

    async def main() -> None:
        async with caplet.serve(f"unix:{tmp_path}/s", make), caplet.connect(f"unix:{tmp_path}/s") as connection:
            await connection.bootstrap(schema.Store).keep(file=None)

    asyncio.run(main())
    assert seen[0].credentials is not None
    assert (seen[0].credentials.pid, seen[0].credentials.uid) == (os.getpid(), os.getuid())


class Open(caplet.MembranePolicy):
    """Lets everything pass, and shows descriptors or not."""

    def __init__(self, passes_fds: bool) -> None:
        self.passes_fds = passes_fds


@pytest.mark.parametrize("passes_fds", [True, False])
def test_descriptors_pass_through_a_membrane_if_its_policy_says_so(
    address: str, tmp_path: Path, passes_fds: bool
) -> None:
    async def scenario(store: Any, service: StoreServer) -> None:
        guarded = caplet.Membrane(Open(passes_fds)).to_outside(caplet.this_cap(service))
        inner = caplet.Membrane(Open(passes_fds)).to_outside(store)
        where = address + "2"
        async with caplet.serve(where, guarded) as serving, caplet.connect(serving.address) as connection:
            # Out through the server's membrane, behind the connection; and in through the client's own.
            for through in (connection.bootstrap(schema.Store), inner):
                fd = await caplet.duplicate_fd((await through.open(name="greeting")).file)
                assert (fd is not None) == passes_fds
                if fd is not None:
                    with os.fdopen(fd) as copy:
                        assert copy.read() == "hello"
                mine = FileServer(tmp_path / "greeting")
                service.opened.append(mine)
                assert (await through.keep(file=mine)).content == ("hello" if passes_fds else "nothing")

    converse(tmp_path, address, scenario)
