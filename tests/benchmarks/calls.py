"""Calls for measuring: rings modems on ptys, hears of it on sockets; the daemon and the floor are driven alike.

The floor does one indexed select and the same fan-out with none of our code, driven by the same generator.
"""

from __future__ import annotations

import json
import random
import selectors
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.daemon import MeasuredDaemon, process_cpu
from tests.benchmarks.figures import Latencies
from tests.benchmarks.modems import RingingModem
from tests.benchmarks.sockets import SocketClient
from twistd_plugin.commands.ports import free_port


@dataclass(frozen=True)
class Used:
    """What a run took: processor seconds, seconds, MiB, calls."""

    processor: float
    seconds: float
    memory: float
    calls: int

    @property
    def words(self) -> str:
        """For people."""
        return (
            f"{self.processor / self.seconds * 100:.0f} % of a core, {self.processor / self.calls * 1000:.2f} ms a call"
            + (f", {self.memory:.0f} MiB" if self.memory else "")
        )


def some_numbers(database: Path, count: int) -> list[str]:
    """Mobiles on record, as a line sends them."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("select distinct number from patient_phone where number like '+861%' limit 20000")
        numbers = [row[0][3:] for row in rows]
    random.Random(1).shuffle(numbers)
    return numbers[:count]


class Generator:
    """Rings, and notes when each socket heard of each number."""

    def __init__(self, modems: Sequence[RingingModem], sockets: Sequence[SocketClient], hearers: int = 0) -> None:
        self._selector = selectors.DefaultSelector()
        self._sent: dict[str, float] = {}
        self.first: list[float] = []
        self.every: list[float] = []
        self._heard: dict[str, int] = {}
        for modem in modems:
            self._selector.register(modem.master, selectors.EVENT_READ, modem)
        for client in sockets:
            self._selector.register(client.sock, selectors.EVENT_READ, client)
        self._modems = list(modems)
        self._hearers = hearers

    def idle(self, seconds: float) -> None:
        """Answer and listen without ringing."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._turn(left)

    def run(self, numbers: Sequence[str], rate: float) -> None:
        """One call for each of ``numbers``, ``rate`` a second, round the lines."""
        start = time.perf_counter()
        for index, number in enumerate(numbers):
            due = start + index / rate
            while (left := due - time.perf_counter()) > 0:
                self._turn(left)
            modem = self._modems[index % len(self._modems)]
            self._sent[number] = time.perf_counter()
            modem.ring(number)
        self.idle(2)

    def _turn(self, seconds: float) -> None:
        for key, _ in self._selector.select(seconds):
            if isinstance(key.data, RingingModem):
                key.data.respond()
            else:
                messages = key.data.receive()
                at = time.perf_counter()
                for message in messages:
                    self._hear(message, at)

    def _hear(self, message: bytes, at: float) -> None:
        if b"call.ringing" not in message[:200]:
            return
        number = json.loads(message)["data"]["number"].removeprefix("+86")
        if (sent := self._sent.get(number)) is None:
            return
        seen = self._heard.get(number, 0)
        if not seen:
            self.first.append(at - sent)
        if seen < self._hearers:
            self.every.append(at - sent)
        self._heard[number] = seen + 1


class Center:
    """The real daemon with its lines on ``modems``, and people's sockets on it, more of them when told."""

    def __init__(
        self, folder: Path, modems: Sequence[RingingModem], bound_agents: Sequence[str] = (), groups: int = 0
    ) -> None:
        self._modems = modems
        self._clients: list[SocketClient] = []
        paths = [modem.path for modem in modems]
        self._daemon = MeasuredDaemon(folder, free_port(), paths, bound_agents=bound_agents, groups=groups)
        try:
            Generator(modems, []).idle(4)
            self._daemon.wait()
        except BaseException:
            self.stop()
            raise

    def connect(self, names: Iterable[str], topics: Sequence[str] = ("calls", "my_lines")) -> None:
        """Sign ``names`` in and have each listen to ``topics``: those of a console that a call can concern."""
        for name in names:
            cookie, _ = self._daemon.sign_in(name)
            client = SocketClient(self._daemon.port, cookie=cookie)
            client.send(json.dumps({"op": "hello", "since": None, "topics": list(topics)}))
            self._clients.append(client)
            # Whoever does not answer pings for a while is cut off.
            Generator(self._modems, self._clients).idle(0.01)

    def measure(self, numbers: Sequence[str], rate: float, hearers: int) -> tuple[Generator, Used]:
        """One call for each of ``numbers``, each to be heard by ``hearers`` sockets."""
        generator = Generator(self._modems, self._clients, hearers)
        generator.idle(3)
        before, at = self._daemon.cpu_seconds(), time.perf_counter()
        generator.run(numbers, rate)
        seconds, spent = time.perf_counter() - at, self._daemon.cpu_seconds() - before
        return generator, Used(spent, seconds, self._daemon.memory_mib(), len(numbers))

    def stop(self) -> None:
        """End it."""
        self._daemon.stop()


def measure_floor(
    folder: Path, modems: Sequence[RingingModem], numbers: Sequence[str], rate: float, hearers: int
) -> tuple[Generator, Used]:
    """Drive the floor server with the same lines, and a socket for each that hears of a call."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.floor", "--port", str(port)]
    command += ["--database", str(folder / "huifang.db")]
    process = subprocess.Popen(
        [*command, "--lines", *(modem.path for modem in modems)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        clients = [SocketClient(port) for _ in range(hearers)]
        generator = Generator(modems, clients, hearers)
        generator.idle(1)
        before, at = process_cpu(process.pid), time.perf_counter()
        generator.run(numbers, rate)
        used = Used(process_cpu(process.pid) - before, time.perf_counter() - at, 0, len(numbers))
        return generator, used
    finally:
        process.terminate()
        process.wait(10)


def report(name: str, ours: Sequence[float], floor: Sequence[float], note: str) -> None:
    """Print both and their ratio."""
    if not ours or not floor:
        print(f"{name}: heard nothing")
        return
    low = Latencies(f"{name}: floor", tuple(floor))
    print(low.row())
    print(Latencies(f"{name}: Huifang", tuple(ours), note).row(low))
