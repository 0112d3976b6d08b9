"""Pop latency: from the last byte of the caller id on a pty to the frame on the agents' sockets.

A generator rings 32 lines at 50 calls a second while 200 consoles are connected and 100,000 patients are on record. The
floor does one indexed select and the same fan-out with none of our code, driven by the same generator in the same run.
"""

from __future__ import annotations

import json
import random
import selectors
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.daemon import MeasuredDaemon, fill
from tests.benchmarks.figures import Latencies
from tests.benchmarks.modems import RingingModem
from tests.benchmarks.sockets import SocketClient

LINES, CONSOLES, PATIENTS, RATE, SECONDS = 32, 200, 100_000, 50, 20


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def some_numbers(database: Path, count: int) -> list[str]:
    """Mobiles on record, as a line sends them."""
    with sqlite3.connect(database) as connection:
        rows = connection.execute("select distinct number from patient_phone where number like '+861%' limit 20000")
        numbers = [row[0][3:] for row in rows]
    random.Random(1).shuffle(numbers)
    return numbers[:count]


class Generator:
    """Rings, and notes when each socket heard of each number."""

    def __init__(self, modems: Sequence[RingingModem], sockets: Sequence[SocketClient]) -> None:
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
        if seen < CONSOLES:
            self.every.append(at - sent)
        self._heard[number] = seen + 1


def measure_ours(folder: Path, numbers: Sequence[str], modems: Sequence[RingingModem]) -> tuple[Generator, str]:
    """Drive the real daemon."""
    daemon = MeasuredDaemon(folder, free_port(), [modem.path for modem in modems])
    try:
        generator = Generator(modems, [])
        generator.idle(4)
        daemon.wait()
        clients = []
        for console in range(CONSOLES):
            cookie, _ = daemon.sign_in(f"console{console}")
            client = SocketClient(daemon.port, cookie=cookie)
            client.send(json.dumps({"op": "hello", "since": None, "topics": ["calls", "lines"]}))
            clients.append(client)
            # Whoever does not answer pings for a while is cut off.
            Generator(modems, clients).idle(0.01)
        generator = Generator(modems, clients)
        generator.idle(3)
        before, at = daemon.cpu_seconds(), time.perf_counter()
        generator.run(numbers, RATE)
        used = (daemon.cpu_seconds() - before) / (time.perf_counter() - at)
        note = f"daemon: {used * 100:.0f} % of a core, {daemon.memory_mib():.0f} MiB"
        return generator, note
    finally:
        daemon.stop()


def measure_floor(folder: Path, numbers: Sequence[str], modems: Sequence[RingingModem]) -> Generator:
    """Drive the floor server with the same lines, numbers and sockets."""
    port = free_port()
    command = [sys.executable, "-m", "tests.benchmarks.floor", "--database", folder / "huifang.db", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--lines", *(modem.path for modem in modems)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        process.stdout.readline()
        clients = [SocketClient(port) for _ in range(CONSOLES)]
        generator = Generator(modems, clients)
        generator.idle(1)
        generator.run(numbers, RATE)
        return generator
    finally:
        process.terminate()
        process.wait(10)


def report(name: str, ours: Sequence[float], floor: Sequence[float], note: str) -> None:
    low = Latencies(f"{name}: floor", tuple(floor))
    print(low.row())
    print(Latencies(f"{name}: Huifang", tuple(ours), note).row(low))


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(f"sqlite:///{folder}/huifang.db", PATIENTS, CONSOLES)
        numbers = some_numbers(folder / "huifang.db", RATE * SECONDS * 2)
        modems = [RingingModem(folder / f"line{index}") for index in range(LINES)]
        floor = measure_floor(folder, numbers[: RATE * SECONDS], modems)
        ours, note = measure_ours(folder, numbers[RATE * SECONDS :], modems)
        print(f"pop: {LINES} lines, {CONSOLES} consoles, {PATIENTS} patients, {RATE} calls/s for {SECONDS} s")
        report("first frame", ours.first, floor.first, note)
        report("each of the consoles", ours.every, floor.every, f"{len(ours.first)} of {len(numbers) // 2} calls heard")
        for modem in modems:
            modem.close()
