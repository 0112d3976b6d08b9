"""A large call center: 256 lines, each at the desk of an agent, in 16 groups, 500 consoles, 20 wallboards that see all.

Measured at rates up to 200 calls a second, each call heard by its agent and by every wallboard; and at one rate with
ever more consoles that have nothing to do with the calls, which must cost a call nothing.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.calls import Center, measure_floor, report, some_numbers
from tests.benchmarks.daemon import fill
from tests.benchmarks.modems import RingingModem

LINES, GROUPS, PATIENTS, SECONDS = 256, 16, 20_000, 15
RATES = (50, 100, 200)
WALLBOARDS = 20
HEARERS = WALLBOARDS + 1
CONSOLES = 500
IDLE_CONSOLES = (LINES, CONSOLES, 2 * CONSOLES)
IDLE_RATE = 25


def main() -> None:
    """Measure and print."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(
            f"sqlite:///{folder}/huifang.db",
            PATIENTS,
            max(IDLE_CONSOLES),
            walls=WALLBOARDS,
            groups=GROUPS,
            members=LINES,
        )
        numbers = some_numbers(folder / "huifang.db", max(RATES) * SECONDS)
        modems = [RingingModem(folder / f"line{index}") for index in range(LINES)]
        print(f"center: {LINES} lines, {WALLBOARDS} wallboards, {SECONDS} s at each rate")
        floors = [measure_floor(folder, modems, numbers[: rate * SECONDS], rate, HEARERS) for rate in RATES]
        center = Center(folder, modems, [f"console{index}" for index in range(LINES)], GROUPS)
        try:
            center.connect((f"wall{index}" for index in range(WALLBOARDS)), ("calls", "lines", "agents", "alarms"))
            _grow(center, numbers[: IDLE_RATE * SECONDS])
            for rate, (floor, floor_used) in zip(RATES, floors, strict=True):
                calls = numbers[: rate * SECONDS]
                ours, used = center.measure(calls, rate, HEARERS)
                print(f"{rate} calls/s: {len(ours.first)} of {len(calls)} heard; floor: {floor_used.words}")
                report("first frame", ours.first, floor.first, used.words)
                heard = len(ours.every) / max(1, len(ours.first))
                report("each that hears", ours.every, floor.every, f"{heard:.1f} sockets a call")
        finally:
            center.stop()
        for modem in modems:
            modem.close()


def _grow(center: Center, numbers: Sequence[str]) -> None:
    """What a call costs while ever more consoles are connected."""
    connected = 0
    for consoles in IDLE_CONSOLES:
        center.connect(f"console{index}" for index in range(connected, consoles))
        connected = consoles
        _, used = center.measure(numbers, IDLE_RATE, HEARERS)
        print(f"{consoles} consoles at {IDLE_RATE} calls/s: {used.words}")
