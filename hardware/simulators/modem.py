"""A voice modem in software: ``python -m hardware.simulators.modem --link PATH --control SOCKET --profile usr``.

The daemon's own driver talks to it over a pseudo-terminal as it would to hardware; ``control`` scripts the calls.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase

from hardware.simulators.chips import CHIPS, Chip
from hardware.simulators.modem_chip import ModemChip
from hardware.simulators.process import common_options, pty_option, serve
from hardware.simulators.pty_port import PtyPort
from hardware.simulators.requests import (
    AnyRequest,
    CallRequest,
    OutgoingRequest,
    RawRequest,
    ReplugRequest,
    StatusRequest,
    UnplugRequest,
)
from hardware.simulators.telephone_line import Done, LineBusyError, TelephoneLine
from hardware.simulators.voice import VoiceSource

_FORMATS = {"plain": "{key}={value}", "spaced": "{key} = {value}"}


class SimulatedModem:
    """Modem, line and terminal together, behind the control socket."""

    def __init__(self, chip: Chip, link: Path, reactor: ReactorBase, speed: float) -> None:
        self._chip = chip
        self._reactor = reactor
        self._speed = speed
        self.port = PtyPort(link, self._received, reactor)
        self._voice = VoiceSource(self.port.write, lambda: self.port.is_behind, reactor, speed)
        self._power_on()

    def _power_on(self) -> None:
        self._voice.stop()
        self._modem = ModemChip(self._chip, self.port.write, self._voice)
        self._line = TelephoneLine(self._modem, self._reactor, self._speed)

    def _received(self, data: bytes) -> None:
        self._modem.receive(data)

    def handle(self, request: AnyRequest, done: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case CallRequest():
                if not self.port.plugged:
                    raise LineBusyError("the modem is unplugged")
                self._line.call(request, done)
            case OutgoingRequest():
                self._line.plan_outgoing(request, done)
            case RawRequest(data=data):
                self.port.write(bytes.fromhex(data))
            case UnplugRequest():
                self._voice.stop()
                self.port.unplug()
                self._line.cut()
            case ReplugRequest():
                # A USB device has lost its settings when it comes back.
                self._power_on()
                self.port.plug()
            case StatusRequest():
                return self._status()
        return {}

    def _status(self) -> dict[str, Any]:
        return {
            "plugged": self.port.plugged,
            "port": self.port.name,
            "line": self._line.state,
            "dialled": self._line.dialled,
            "off_hook": self._modem.off_hook,
            "caller_id": self._modem.caller_id,
            "voice": self._modem.voice,
            "receiving": self._voice.on,
        }


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("A simulated voice modem.")
    pty_option(parser)
    parser.add_argument("--profile", choices=sorted(CHIPS), default="usr", help="which chip it is")
    parser.add_argument("--caller-id-format", choices=sorted(_FORMATS), help="how it writes caller id")
    options = parser.parse_args()
    chip = CHIPS[options.profile]
    if options.caller_id_format:
        chip = replace(chip, field=_FORMATS[options.caller_id_format])
    modem = SimulatedModem(chip, options.link, reactor, options.speed)  # type: ignore[arg-type]
    serve(reactor, options.control, modem.port, modem.handle)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
