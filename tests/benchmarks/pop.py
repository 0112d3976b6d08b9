"""Pop latency: from the last byte of the caller id on a pty to the frame on the agents' sockets.

A generator rings 32 lines at 50 calls a second while 200 consoles are connected and 100,000 patients are on record. The
floor does one indexed select and the same fan-out with none of our code, driven by the same generator in the same run.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.benchmarks.calls import Center, measure_floor, report, some_numbers
from tests.benchmarks.daemon import fill
from tests.benchmarks.modems import RingingModem

LINES, CONSOLES, PATIENTS, RATE, SECONDS = 32, 200, 100_000, 50, 20


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(f"sqlite:///{folder}/huifang.db", PATIENTS, CONSOLES)
        numbers = some_numbers(folder / "huifang.db", RATE * SECONDS * 2)
        modems = [RingingModem(folder / f"line{index}") for index in range(LINES)]
        floor, _ = measure_floor(folder, modems, numbers[: RATE * SECONDS], RATE, CONSOLES)
        center = Center(folder, modems)
        try:
            center.connect(f"console{index}" for index in range(CONSOLES))
            ours, used = center.measure(numbers[RATE * SECONDS :], RATE, CONSOLES)
        finally:
            center.stop()
        print(f"pop: {LINES} lines, {CONSOLES} consoles, {PATIENTS} patients, {RATE} calls/s for {SECONDS} s")
        report("first frame", ours.first, floor.first, used.words)
        report("each of the consoles", ours.every, floor.every, f"{len(ours.first)} of {len(numbers) // 2} calls heard")
        for modem in modems:
            modem.close()
