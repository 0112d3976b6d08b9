"""One line of a Whozz Calling Ethernet box in software:
``python -m hardware.simulators.whozz_box --to 127.0.0.1:3520 --control SOCKET --unit 35193 --line 1``.

It sends what the manual shows, each record several times, and answers ``^^IdX``. Several of them make a box of several
lines.
"""

from __future__ import annotations

import argparse
from datetime import datetime, timedelta

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import DatagramProtocol

from hardware.simulators.monitor import SimulatedMonitor, Speech
from hardware.simulators.process import common_options, serve
from hardware.simulators.requests import CallerIdKind, CallRequest

_ABSENT = {
    CallerIdKind.PRIVATE: "PRIVATE",
    CallerIdKind.UNAVAILABLE: "Out-of-Area",
    CallerIdKind.NONE: "No-CallerID",
    CallerIdKind.DTMF: "No-CallerID",
}


def _header(unit: int, serial: int) -> bytes:
    return b"^^<U>%b<S>%b$" % (unit.to_bytes(6, "big"), serial.to_bytes(6, "big"))


class WhozzSpeech(Speech):
    """Records of one line; of a ``basic`` unit only the start record of incoming calls."""

    def __init__(self, unit: int, serial: int, line: int, *, basic: bool) -> None:
        self._header = _header(unit, serial)
        self._line = line
        self._basic = basic

    def ring(self, request: CallRequest, when: datetime) -> bytes:
        """Detail record of the first ring."""
        return self._detail("R", when)

    def caller(self, request: CallRequest, when: datetime) -> bytes:
        """Start record."""
        return self._record("S", request, when, 0)

    def lifted(self, request: CallRequest, when: datetime) -> bytes:
        """Detail record of the lifted telephone."""
        return self._detail("F", when + timedelta(seconds=request.answer_after or 0))

    def over(self, request: CallRequest, when: datetime, seconds: int | None) -> bytes:
        """Detail record of the replaced telephone, and the end record."""
        if self._basic:
            return b""
        end = self._record("E", request, when, seconds or 0)
        if seconds is None:
            return end
        return self._detail("N", when + timedelta(seconds=(request.answer_after or 0) + seconds)) + end

    def _detail(self, kind: str, at: datetime) -> bytes:
        return b"" if self._basic else self._header + f"{self._line:02} {kind:14} {at:%m/%d %H:%M:%S}".encode()

    def _record(self, kind: str, request: CallRequest, when: datetime, seconds: int) -> bytes:
        number = _ABSENT.get(request.caller_id, request.number)[:14]
        name = request.name.encode(request.charset, "replace")[:15]
        good = "B" if request.caller_id is CallerIdKind.DAMAGED else "G"
        text = (
            f"{self._line:02} I {kind} {seconds:04} {good} A{min(request.rings, 9)} {when:%m/%d %I:%M %p} {number:14} "
        )
        return self._header + text.encode() + name.ljust(15)


class UdpBoxPort(DatagramProtocol):
    """The box's socket. What it says is cut into datagrams at their headers, and each is sent ``copies`` times."""

    noisy = False

    def __init__(self, to: tuple[str, int], header: bytes, copies: int, reactor: ReactorBase) -> None:
        self._to = to
        self._header = header
        self._copies = copies
        self._reactor = reactor
        self._open: IListeningPort | None = None

    @property
    def plugged(self) -> bool:
        """Whether it is on the network."""
        return self._open is not None

    @property
    def name(self) -> str:
        """Where it sends to."""
        return f"udp {self._to[0]}:{self._to[1]}"

    def plug(self) -> None:
        """Join the network."""
        if self._open is None:
            self._open = self._reactor.listenUDP(0, self)  # type: ignore[attr-defined]

    def unplug(self) -> None:
        """Leave it."""
        if self._open is not None:
            self._open.stopListening()
            self._open = None

    def write(self, data: bytes) -> None:
        """Send the datagrams in ``data``."""
        if not data or self._open is None or self.transport is None:
            return
        first, *others = data.split(self._header)
        for datagram in ([first] if first else []) + [self._header + other for other in others]:
            for _ in range(self._copies):
                self.transport.write(datagram, self._to)

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: N802
        """A command."""
        if data == b"^^IdX" and self.transport is not None:
            self.transport.write(self._header + b"<M>\0\0\0\0\0\0<I>\0\0\0\0", addr)


def _target(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is not of the form ADDRESS:PORT")
    return host, int(port)


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("One line of a simulated Whozz Calling Ethernet box.")
    parser.add_argument("--to", type=_target, required=True, metavar="ADDRESS:PORT", help="where the daemon listens")
    parser.add_argument("--unit", type=int, default=35193, help="unit number (default %(default)s)")
    parser.add_argument("--serial", type=int, default=8669316, help="serial number (default %(default)s)")
    parser.add_argument("--line", type=int, default=1, help="line of the box (default %(default)s)")
    parser.add_argument("--copies", type=int, default=3, help="how often each record is sent (default %(default)s)")
    parser.add_argument("--basic", action="store_true", help="tell of callers only")
    options = parser.parse_args()
    header = _header(options.unit, options.serial)
    port = UdpBoxPort(options.to, header, options.copies, reactor)  # type: ignore[arg-type]
    speech = WhozzSpeech(options.unit, options.serial, options.line, basic=options.basic)
    box = SimulatedMonitor(port, speech, reactor, options.speed)  # type: ignore[arg-type]
    serve(reactor, options.control, box.port, box.handle)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
