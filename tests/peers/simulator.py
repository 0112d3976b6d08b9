"""Starts a simulator as the process that it is in a demo, and waits for signals of a line that is attached to it."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from hardware.simulators.control import request, send
from protocols.signals import LineSignal
from tests.peers.patience import PATIENCE, until, wait_for


@dataclass(frozen=True)
class Simulator:
    link: Path
    control: Path

    def ask(self, command: str, **options: Any) -> dict[str, Any]:
        return request(self.control, {"command": command, **options}, PATIENCE)

    def run(self, command: str, **options: Any) -> Deferred[list[dict[str, Any]]]:
        """Ask, and wait on a thread until the scripted call is over."""
        replies = send(self.control, {"command": command, **options}, timeout=PATIENCE)
        first = next(replies)
        return deferToThread(lambda: [first, *replies])


def _is_up(simulator: Simulator, files: list[Path]) -> bool:
    """The control socket is there a moment before anybody listens at it."""
    with socket.socket(socket.AF_UNIX) as knocking:
        return all(file.exists() for file in files) and knocking.connect_ex(str(simulator.control)) == 0


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
        wait_for(lambda: process.poll() is not None or _is_up(simulator, waits_for), "the simulator")
        assert process.poll() is None, "the simulator ended"
        yield simulator
    finally:
        process.terminate()
        process.wait(PATIENCE)


class Heard:
    """A signal listener that can be waited on."""

    def __init__(self) -> None:
        self.signals: list[LineSignal] = []

    def __call__(self, signal: LineSignal) -> None:
        self.signals.append(signal)

    def of(self, kind: type[LineSignal]) -> list[LineSignal]:
        return [signal for signal in self.signals if isinstance(signal, kind)]

    async def until(self, condition: Callable[[list[LineSignal]], Any]) -> list[LineSignal]:
        await until(lambda: condition(self.signals), lambda: f"something; heard {self.signals}")
        return self.signals

    async def first(self, kind: type[LineSignal]) -> LineSignal:
        """Wait for a ``kind``, and forget everything up to it."""
        await self.until(lambda _: self.of(kind))
        place = next(index for index, signal in enumerate(self.signals) if isinstance(signal, kind))
        found = self.signals[place]
        del self.signals[: place + 1]
        return found
