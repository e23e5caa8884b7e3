"""The example programs, run as their pages say: what each prints, also when its peer dies."""

from __future__ import annotations

import ast
import asyncio
import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.aio.transports.certificates import Authority, make_certificate, write_certificate
from tests.programs import Program

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


class Stage:
    """Starts example programs; all of them end with the test."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack

    def start(self, script: str, *arguments: str) -> Program:
        return self.stack.enter_context(Program(EXAMPLES / script, *arguments))


@pytest.fixture
def stage() -> Iterator[Stage]:
    with ExitStack() as stack:
        yield Stage(stack)


def test_everybody_in_the_chat_room_hears_who_comes_speaks_and_leaves(stage: Stage) -> None:
    server = stage.start("chat/server.py")
    address = server.hear()
    ann = stage.start("chat/client.py", address, "ann")
    assert ann.hear() == "*: ann came"
    bob = stage.start("chat/client.py", address, "bob")
    assert [ann.hear(), bob.hear()] == ["*: bob came"] * 2
    ann.say("hello")
    assert [ann.hear(), bob.hear()] == ["ann: hello"] * 2
    bob.kill()
    assert ann.hear() == "*: bob left"
    bob = stage.start("chat/client.py", address, "bob")
    assert [ann.hear(), bob.hear()] == ["*: bob came"] * 2
    bob.end_input()
    bob.wait()
    assert ann.hear() == "*: bob left"
    server.kill()
    assert ann.hear() == "the room is gone"
    ann.wait()


def test_subscribers_are_given_what_is_published_until_they_leave(stage: Stage) -> None:
    address = stage.start("pubsub/server.py").hear()

    def publish(name: str, price: str) -> str:
        publisher = stage.start("pubsub/publisher.py", address, name, price)
        heard = publisher.hear()
        publisher.wait()
        return heard

    assert publish("early", "1") == "sent to 0"
    first = stage.start("pubsub/subscriber.py", address, "1")
    second = stage.start("pubsub/subscriber.py", address, "2")
    assert [first.hear(), second.hear()] == ["subscribed"] * 2
    assert publish("copper", "9.5") == "sent to 2"
    assert [first.hear(), second.hear()] == ["copper 9.50"] * 2
    first.wait()
    assert publish("tin", "31.25") == "sent to 1"
    assert second.hear() == "tin 31.25"
    second.wait()


def test_a_web_application_serves_an_object_beside_its_pages(stage: Stage) -> None:
    app = stage.start("fastapi_app/app.py", "0")
    address = app.hear()
    client = stage.start("fastapi_app/client.py", address, "Ann")
    assert client.hear() == "Hello, Ann!"
    client.wait()
    page = address.replace("ws:", "http:").replace("capnp/", "greeted")
    with urllib.request.urlopen(page, timeout=60) as answer:
        assert json.load(answer) == {"Ann": 1}


def test_a_notebook_makes_calls_while_its_own_loop_is_running(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = EXAMPLES / "notebook"
    monkeypatch.chdir(folder)
    notebook = json.loads((folder / "client.ipynb").read_text(encoding="utf-8"))
    shown: list[Any] = []

    async def run_cells() -> None:
        """Do as a notebook does: each cell in one namespace, the value of its last expression shown, inside a running loop."""
        names: dict[str, Any] = {}
        for cell in notebook["cells"]:
            if cell["cell_type"] != "code":
                continue
            tree = ast.parse("".join(cell["source"]))
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if isinstance(last, ast.Expr):
                shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))

    asyncio.run(run_cells())
    assert shown[:2] == [123.0, [float(number) for number in range(10)]]


def test_a_client_comes_back_when_its_server_is_started_again(stage: Stage) -> None:
    server = stage.start("reconnect/server.py")
    address = server.hear()
    client = stage.start("reconnect/client.py", address)
    assert client.hear() == "connection 1"
    client.say("next")
    client.say("next")
    assert [client.hear(), client.hear()] == ["1", "2"]
    server.kill()
    server = stage.start("reconnect/server.py", address)
    assert server.hear() == address
    assert client.hear().startswith("connection ")  # the attempts that failed are counted, too
    client.say("next")
    assert client.hear() == "1"
    client.end_input()


def test_files_are_stored_and_fetched_as_streams(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    content = bytes(range(256)) * 4096
    (tmp_path / "original").write_bytes(content)
    address = stage.start("file_transfer/server.py", str(folder)).hear()

    def run(*arguments: str) -> str:
        client = stage.start("file_transfer/client.py", address, *arguments)
        heard = client.hear()
        client.wait()
        return heard

    assert run("store", "copy", str(tmp_path / "original")) == f"stored {len(content)}"
    assert [path.name for path in folder.iterdir()] == ["copy"]
    assert (folder / "copy").read_bytes() == content
    assert run("fetch", "copy", str(tmp_path / "fetched")) == f"fetched {len(content)}"
    assert (tmp_path / "fetched").read_bytes() == content
    thief = stage.start("file_transfer/client.py", address, "fetch", "../original", str(tmp_path / "stolen"))
    thief.process.wait(60)
    assert (tmp_path / "stolen").read_bytes() == b""


def test_a_server_knows_its_clients_by_their_certificates(stage: Stage, tmp_path: Path) -> None:
    Authority().write(tmp_path)
    address = stage.start("tls/server.py", str(tmp_path)).hear()
    known = stage.start("tls/client.py", str(tmp_path), address, "client.pem")
    assert known.hear() == "alice.example"
    known.wait()
    nobody = stage.start("tls/client.py", str(tmp_path), address)
    assert nobody.hear() == "refused"
    nobody.wait()
    # Signed by itself: it has the right name, and nobody vouches for it.
    write_certificate(tmp_path, "forged", make_certificate("alice.example"))
    forger = stage.start("tls/client.py", str(tmp_path), address, "forged.pem")
    assert forger.hear() == "refused"
    forger.wait()


def test_a_file_is_read_through_a_descriptor_that_came_over_a_socket(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("it rained\n", encoding="utf-8")
    address = stage.start("descriptor/server.py", str(tmp_path / "log"), str(tmp_path / "socket")).hear()
    client = stage.start("descriptor/client.py", address)
    assert client.hear() == "it rained"
    client.wait()
