"""A hospital with eight lines of four kinds whose time runs ten times as fast, and callers who ring them.

Everything here blocks, and callers are threads: they only talk to simulators, and read the records of calls.
"""

from __future__ import annotations

import random
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hardware.simulators.control import send
from tests.peers.daemon import DemoDaemon
from tests.peers.patience import PATIENCE, wait_for
from tests.peers.simulator import Simulator, running
from twistd_plugin.commands.ports import free_port

SPEED = "10"
SERVICE_LEVEL_SECONDS = 1
SHORT_ABANDON_SECONDS = 1
# Ring periods are half a second in this time; a busy machine may be late with some.
RING_TIMEOUT = 5.0

_ENDED = """
    select count(*) from call_record join phone_line on phone_line.id = call_record.line_id
    where phone_line.name = ? and call_record.ended_at is not null and call_record.direction = 'in'
"""


@dataclass(frozen=True)
class BusyLine:
    """A line of the hospital: its simulator, and what happens on it."""

    name: str
    driver: str
    module: str
    options: tuple[str, ...]
    bound_agent: str = ""

    @property
    def answered_here(self) -> bool:
        """Whether the telephone beside it is lifted sometimes: only some boxes would see it."""
        return self.driver == "whozz"


LINES = (
    BusyLine("1", "hayes", "modem", ("--profile", "usr")),
    BusyLine("2", "hayes", "modem", ("--profile", "conexant")),
    BusyLine("3", "hayes", "modem", ("--profile", "agere")),
    BusyLine("4", "fsk", "fsk_box", ()),
    BusyLine("5", "fsk", "fsk_box", ("--format", "sdmf")),
    BusyLine("6", "netcallerid", "serial_box", ("--format", "netcallerid")),
    BusyLine("7", "whozz", "whozz_box", ("--line", "1"), "agent2"),
    BusyLine("8", "whozz", "whozz_box", ("--line", "2"), "agent3"),
)


@dataclass(frozen=True)
class BusyHospital:
    """``simulators`` by the name of their line."""

    daemon: DemoDaemon
    simulators: dict[str, Simulator]

    def callers(self, each: int) -> list[threading.Thread]:
        """Threads, not started, that make ``each`` calls one after the other on every line."""
        return [
            threading.Thread(target=self._ring, args=(line.name, calls_on(line, each)), daemon=True) for line in LINES
        ]

    def _ring(self, line: str, calls: Sequence[dict[str, Any]]) -> None:
        for number, call in enumerate(calls, 1):
            list(send(self.simulators[line].control, call, timeout=PATIENCE))
            # A caller without number who followed at once would be taken for the last one, still ringing.
            wait_for(lambda number=number: self._ended(line) >= number, f"the end of call {number} on line {line}")

    def _ended(self, line: str) -> int:
        """How many calls on ``line`` are over, as the records say."""
        file = self.daemon.var / "huifang.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=PATIENCE)) as database:
            (count,) = database.execute(_ENDED, (line,)).fetchone()
        return int(count)


def calls_on(line: BusyLine, count: int) -> list[dict[str, Any]]:
    """Requests of ``count`` callers: with and without number, patient and impatient, on one line always the same."""
    chance = random.Random(int(line.name))
    return [_call(line, chance) for _ in range(count)]


def _call(line: BusyLine, chance: random.Random) -> dict[str, Any]:
    call: dict[str, Any] = {
        "command": "call",
        "number": f"139{chance.randrange(10**8):08}",
        "rings": chance.choice((1, 2, 4, 16)),
        "hangup_after": chance.choice((5, 10, 20)),
        "caller_id": chance.choices(("full", "private", "unavailable"), (8, 1, 1))[0],
    }
    if line.answered_here and chance.random() < 0.6:
        call["answer_after"] = 4
        call["rings"] = 8
    return call


def _time_zone_of_noon() -> str:
    """One where the day neither begins nor ends while a test runs. The signs of Etc/GMT zones are turned round."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def configuration(folder: Path, box_port: int) -> str:
    """``callcenter.toml`` of the hospital; the ports of its lines are in ``folder``."""
    text = [
        f'[hospital]\nname = "忙碌医院"\ntime_zone = "{_time_zone_of_noon()}"\nlanguage = "zh_CN"\narea_code = "010"\n',
        '[var]\nfolder = "."\n[web]\ninterface = "127.0.0.1"\nport = 0\n',
        f"[telephony]\nservice_level_seconds = {SERVICE_LEVEL_SECONDS}\n",
        f"short_abandon_seconds = {SHORT_ABANDON_SECONDS}\n",
    ]
    for line in LINES:
        unit = int(line.options[1]) if line.driver == "whozz" else 0
        port = f"udp://127.0.0.1:{box_port}/*/{unit:02}" if unit else str(folder / line.name / "port")
        text.append(
            f'[[lines]]\nname = "{line.name}"\ndriver = "{line.driver}"\nport = "{port}"\n'
            f'ring_timeout = {RING_TIMEOUT}\nbound_agent = "{line.bound_agent}"\n'
        )
    return "".join(text)


@contextmanager
def busy_hospital(folder: Path) -> Iterator[BusyHospital]:
    """Its simulators and its daemon, running."""
    var, devices = folder / "var", folder / "devices"
    var.mkdir(mode=0o700)
    devices.mkdir()
    box_port = free_port(socket.SOCK_DGRAM)
    (var / "callcenter.toml").write_text(configuration(devices, box_port), encoding="utf-8")
    with ExitStack() as stack:
        simulators = {}
        for line in LINES:
            target = ("--to", f"127.0.0.1:{box_port}") if line.driver == "whozz" else ()
            options = (*line.options, *target, "--speed", SPEED)
            simulators[line.name] = stack.enter_context(running(devices / line.name, line.module, *options))
        daemon = DemoDaemon(var)
        daemon.start()
        stack.callback(daemon.stop)
        yield BusyHospital(daemon, simulators)
