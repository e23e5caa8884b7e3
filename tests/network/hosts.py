"""Two hosts for tests: network namespaces with a cable between them, or two loopback addresses where namespaces are not permitted.

Knows how programs are started on a host, and how the cable is cut; between loopback addresses a program stands for it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Self

from tests.programs import WAIT_S, Program

HERE = Path(__file__).parent


class Hosts:
    """Two hosts; `with` makes them and takes them away, with every program on them.

    Args:
        namespaces: whether to use namespaces, where they are permitted.
    """

    def __init__(self, namespaces: bool = True) -> None:
        self.names = [f"caplet-{os.getpid()}-{side}" for side in "ab"]
        self.addresses = ["10.99.0.1", "10.99.0.2"]
        self.programs: list[Program] = []
        self.cable = namespaces and shutil.which("ip") is not None and os.geteuid() == 0
        self.relay: Program | None = None

    def __enter__(self) -> Self:
        self.cable = self.cable and self.make_namespaces()
        if not self.cable:
            self.addresses = ["127.0.0.1", "127.0.0.2"]
        return self

    def make_namespaces(self) -> bool:
        """Make the namespaces and the cable; return whether that is permitted here."""
        first, second = self.names
        steps = [
            f"netns add {first}",
            f"netns add {second}",
            f"link add cable netns {first} type veth peer name cable netns {second}",
            f"-n {first} addr add {self.addresses[0]}/24 dev cable",
            f"-n {second} addr add {self.addresses[1]}/24 dev cable",
            f"-n {first} link set cable up",
            f"-n {second} link set cable up",
        ]
        for step in steps:
            if subprocess.run(["ip", *step.split()], check=False, capture_output=True, timeout=WAIT_S).returncode:
                self.remove_namespaces()
                return False
        return True

    def remove_namespaces(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True, timeout=WAIT_S)

    def across(self, address: str) -> str:
        """Return by which address the second host reaches, through a cable that can be cut, what listens at the first."""
        if self.cable:
            return address
        place = address.removeprefix("tcp://").split(":")
        self.relay = self.start(0, "cable.py", self.addresses[1], *place)
        return self.relay.hear()

    def set_cable(self, up: bool) -> None:
        """Cut the cable, or mend it."""
        if self.relay is not None:
            word = "up" if up else "down"
            self.relay.say(word)
            assert self.relay.hear() == word
            return
        command = ["ip", "-n", self.names[0], "link", "set", "cable", "up" if up else "down"]
        subprocess.run(command, check=True, timeout=WAIT_S)

    def start(self, host: int, script: str, *arguments: str) -> Program:
        """Start a program on the first host (0) or the second (1)."""
        prefix = ("ip", "netns", "exec", self.names[host]) if self.cable else ()
        program = Program(HERE / script, *arguments, prefix=prefix)
        self.programs.append(program)
        return program

    def __exit__(self, *_: object) -> None:
        for program in self.programs:
            if program.process.poll() is None:
                program.kill()
        if self.cable:
            self.remove_namespaces()
