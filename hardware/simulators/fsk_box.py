"""An FSK caller-id receiver in software: ``python -m hardware.simulators.fsk_box --link PATH --control SOCKET``.

It says what such a receiver says, which is one transmission per call, and hears nothing.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IDelayedCall

from hardware.simulators.process import common_options, pty_option, serve
from hardware.simulators.pty_port import PtyPort
from hardware.simulators.requests import (
    AnyRequest,
    CallerIdKind,
    CallRequest,
    OutgoingRequest,
    RawRequest,
    ReplugRequest,
    StatusRequest,
    UnplugRequest,
)
from hardware.simulators.telephone_line import CALLER_ID_DELAY, RING_PERIOD, Done, LineBusyError

SEIZURE = b"\x55" * 30 + b"\xff" * 8


def transmission(request: CallRequest, when: datetime, *, single: bool) -> bytes:
    """What the exchange modulates for ``request``: SDMF if ``single``, else MDMF. Empty without caller id."""
    if request.caller_id is CallerIdKind.NONE:
        return b""
    date = f"{when:%m%d%H%M}".encode()
    absent = {CallerIdKind.PRIVATE: b"P", CallerIdKind.UNAVAILABLE: b"O"}.get(request.caller_id)
    if single:
        body = b"\x04", date + (absent or request.number.encode())
    else:
        who = [(4, absent)] if absent else [(2, request.number.encode())]
        if request.name and not absent:
            who.append((7, request.name.encode(request.charset, "replace")))
        body = b"\x80", b"".join(bytes((kind, len(data))) + data for kind, data in [(1, date), *who])
    message = body[0] + bytes((len(body[1]),)) + body[1]
    error = 1 if request.caller_id is CallerIdKind.DAMAGED else 0
    return SEIZURE + message + bytes(((-sum(message) + error) & 0xFF,))


class SimulatedFskBox:
    """Receiver and terminal together, behind the control socket."""

    def __init__(self, link: Path, reactor: ReactorBase, speed: float, *, single: bool) -> None:
        self._reactor = reactor
        self._speed = speed
        self._single = single
        self._call: tuple[IDelayedCall, IDelayedCall, Done] | None = None
        self.port = PtyPort(link, lambda _: None, reactor)

    def handle(self, request: AnyRequest, done: Done) -> dict[str, Any]:
        """Carry out one control request."""
        match request:
            case CallRequest():
                self._ring(request, done)
            case OutgoingRequest():
                raise LineBusyError("an FSK receiver only listens: it cannot dial")
            case RawRequest(data=data):
                self.port.write(bytes.fromhex(data))
            case UnplugRequest():
                self.port.unplug()
                self._over("cut off")
            case ReplugRequest():
                self.port.plug()
            case StatusRequest():
                line = "ringing" if self._call else "idle"
                return {"plugged": self.port.plugged, "port": self.port.name, "line": line}
        return {}

    def _ring(self, request: CallRequest, done: Done) -> None:
        if self._call is not None or not self.port.plugged:
            raise LineBusyError("the line is ringing" if self._call else "the box is unplugged")
        spoken = transmission(request, datetime.now().astimezone(), single=self._single)
        before = max(0, request.rings_before_id - 1) * RING_PERIOD + CALLER_ID_DELAY
        lasts = request.answer_after if request.answer_after is not None else request.rings * RING_PERIOD
        how = "abandoned" if request.answer_after is None else "ended on the handset"
        self._call = (
            self._later(before, lambda: self.port.write(spoken)),
            self._later(max(lasts + (request.hangup_after or 0), before), lambda: self._over(how)),
            done,
        )

    def _over(self, how: str) -> None:
        if self._call is not None:
            first, last, done = self._call
            self._call = None
            for timer in (first, last):
                if timer.active():
                    timer.cancel()
            done(how)

    def _later(self, seconds: float, then: Any) -> IDelayedCall:
        return self._reactor.callLater(seconds / self._speed, then)


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("A simulated FSK caller-id receiver.")
    pty_option(parser)
    parser.add_argument("--format", choices=("mdmf", "sdmf"), default="mdmf", help="message format")
    options = parser.parse_args()
    single = options.format == "sdmf"
    box = SimulatedFskBox(options.link, reactor, options.speed, single=single)  # type: ignore[arg-type]
    serve(reactor, options.control, box.port, box.handle)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
