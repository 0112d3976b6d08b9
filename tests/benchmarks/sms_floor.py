"""The floor: the same gateway device writes the same messages to the same simulator, with no database behind it.

``python -m tests.benchmarks.sms_floor --kind smpp --port PORT --folder FOLDER --messages N --until accepted``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from twisted.internet import reactor

from protocols.sms import GatewaySignal, Part, PartAccepted, ReceiptArrived, TextEncoding
from tests.benchmarks.sms_center import RATE, TEXT, WINDOW, numbers, say
from tests.peers.smsc import device_for


class Floor:
    """Hands parts over whenever there is room, and counts."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._left = [
            Part(str(index), number, TEXT, TextEncoding.UCS2, 3600.0, receipt=options.until == "delivered")
            for index, number in enumerate(numbers(options.messages))
        ][::-1]
        self._counts = {"accepted": 0, "delivered": 0}
        self._options = options
        self._done = False
        self._device = device_for(options.kind, options.port, options.folder, rate=RATE, window=WINDOW)

    def start(self) -> None:
        """Connect; it begins when the gateway is ready."""
        say("begun")
        self._device.start(self._hear)

    def _hear(self, signals: Sequence[GatewaySignal]) -> None:
        for signal in signals:
            match signal:
                case PartAccepted():
                    self._counts["accepted"] += 1
                case ReceiptArrived():
                    signal.written()
                    self._counts["delivered"] += 1
                case _:
                    pass
        if self._counts[self._options.until] == self._options.messages and not self._done:
            self._done = True
            say("done")
            running: Any = reactor
            running.stop()
        elif self._left and (room := self._device.room):
            self._device.submit(self._left[: -room - 1 : -1])
            del self._left[-room:]


def main() -> None:
    """Read the options and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--until", choices=["accepted", "delivered"], default="accepted")
    running: Any = reactor
    running.callWhenRunning(Floor(parser.parse_args()).start)
    running.run()


if __name__ == "__main__":
    main()
