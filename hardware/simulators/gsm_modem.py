"""A GSM modem in software: ``python -m hardware.simulators.gsm_modem --link PATH --control SOCKET``.

Any program that drives GSM modems in PDU mode can use it; ``control`` scripts the network behind it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase

from hardware.simulators.gsm_chip import GsmChip
from hardware.simulators.gsm_network import GsmNetwork
from hardware.simulators.gsm_requests import FateRequest, GsmRequest, StateRequest, TextRequest, gsm_parser
from hardware.simulators.process import common_options, pty_option, serve
from hardware.simulators.pty_port import PtyPort
from hardware.simulators.requests import RawRequest, ReplugRequest, StatusRequest, UnplugRequest
from hardware.simulators.telephone_line import Done


class SimulatedGsmModem:
    """Modem, network and terminal together, behind the control socket."""

    def __init__(self, link: Path, reactor: ReactorBase, speed: float, pin: str = "", size: int = 30) -> None:
        self.port = PtyPort(link, self._received, reactor)
        self._network = GsmNetwork(reactor, speed)
        self._chip = GsmChip(self._network, self.port.write, reactor, pin, size)
        self._network.mobile = self._chip

    def _received(self, data: bytes) -> None:
        self._chip.receive(data)

    def handle(self, request: GsmRequest, _: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case TextRequest():
                self._network.write(request)
            case FateRequest():
                self._network.decide(request)
            case StateRequest():
                self._chip.change(request)
                self._network.retry()
            case RawRequest(data=data):
                self.port.write(bytes.fromhex(data))
            case UnplugRequest():
                self.port.unplug()
                self._chip.stop()
            case ReplugRequest():
                self._chip.power_on()
                self.port.plug()
            case StatusRequest():
                return {"plugged": self.port.plugged, **self._chip.status(), "sent": list(self._network.sent)}
        return {}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of this simulator beside those that all have."""
    pty_option(parser)
    parser.add_argument("--pin", default="", help="what the SIM wants first (default: nothing)")
    parser.add_argument("--places", type=int, default=30, help="messages that it can keep (default %(default)s)")


def run(options: argparse.Namespace, reactor: ReactorBase) -> None:
    """Be the modem until the reactor is stopped by a signal."""
    modem = SimulatedGsmModem(options.link, reactor, options.speed, options.pin, options.places)
    serve(reactor, options.control, modem.port, modem.handle, gsm_parser)


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("A simulated GSM modem.")
    add_options(parser)
    run(parser.parse_args(), reactor)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
