"""Starts a simulator as the process that it is in a demo, and waits for signals of a line that is attached to it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from hardware.simulators.control import request, send
from protocols.signals import LineSignal
from tests.peers.patience import PATIENCE


@dataclass(frozen=True)
class Simulator:
    link: Path
    control: Path

    def ask(self, command: str, **options: Any) -> dict[str, Any]:
        return request(self.control, {"command": command, **options})

    def run(self, command: str, **options: Any) -> Deferred[list[dict[str, Any]]]:
        """Ask on a thread and wait until the scripted call is over."""
        return deferToThread(lambda: list(send(self.control, {"command": command, **options}, timeout=60)))


def listens(control: Path) -> bool:
    """The socket is there a moment before anybody listens at it."""
    with socket.socket(socket.AF_UNIX) as knocking:
        return knocking.connect_ex(str(control)) == 0


@contextmanager
def running(folder: Path, module: str = "modem", *options: str, terminal: bool = True) -> Iterator[Simulator]:
    """``options`` with ``--to`` are of one that sends datagrams and has no ``terminal``."""
    folder.mkdir(exist_ok=True)
    simulator = Simulator(folder / "port", folder / "control")
    arguments = ["--control", str(simulator.control), *options]
    waits_for = [simulator.control]
    if terminal and "--to" not in options:
        arguments += ["--link", str(simulator.link)]
        waits_for.append(simulator.link)
    process = subprocess.Popen([sys.executable, "-m", f"hardware.simulators.{module}", *arguments])
    try:
        deadline = time.monotonic() + PATIENCE
        while not (all(path.exists() for path in waits_for) and listens(simulator.control)):
            assert process.poll() is None, "the simulator ended"
            assert time.monotonic() < deadline, "the simulator did not come up"
            time.sleep(0.02)
        yield simulator
    finally:
        process.terminate()
        process.wait(PATIENCE)


def free_udp_port() -> int:
    """A port of the loopback interface to which nobody listens for datagrams."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Heard:
    """A signal listener that can be waited on."""

    def __init__(self) -> None:
        self.signals: list[LineSignal] = []

    def __call__(self, signal: LineSignal) -> None:
        self.signals.append(signal)

    def of(self, kind: type[LineSignal]) -> list[LineSignal]:
        return [signal for signal in self.signals if isinstance(signal, kind)]

    async def until(self, condition: Callable[[list[LineSignal]], bool], seconds: float = PATIENCE) -> list[LineSignal]:
        deadline = time.monotonic() + seconds
        while not condition(self.signals):
            assert time.monotonic() < deadline, f"waited in vain; heard {self.signals}"
            await deferLater(reactor, 0.02)
        return self.signals

    async def first(self, kind: type[LineSignal], seconds: float = PATIENCE) -> LineSignal:
        """Wait for a ``kind``, and forget everything up to it."""
        await self.until(lambda signals: any(isinstance(signal, kind) for signal in signals), seconds)
        place = next(index for index, signal in enumerate(self.signals) if isinstance(signal, kind))
        found = self.signals[place]
        del self.signals[: place + 1]
        return found
