"""An FSK caller-id receiver in software: ``python -m hardware.simulators.fsk_box --link PATH --control SOCKET``.

It says what such a receiver says, which is one transmission per call, and hears nothing.
"""

from __future__ import annotations

from datetime import datetime

from hardware.simulators.monitor import SimulatedMonitor, Speech
from hardware.simulators.process import common_options, pty_option, serve
from hardware.simulators.pty_port import PtyPort
from hardware.simulators.requests import CallerIdKind, CallRequest

SEIZURE = b"\x55" * 30 + b"\xff" * 8


class FskSpeech(Speech):
    """What the exchange modulates: SDMF if ``single``, else MDMF."""

    def __init__(self, *, single: bool) -> None:
        self._single = single

    def caller(self, request: CallRequest, when: datetime) -> bytes:
        """One transmission; empty without caller id."""
        if request.caller_id in (CallerIdKind.NONE, CallerIdKind.DTMF):
            return b""
        date = f"{when:%m%d%H%M}".encode()
        absent = {CallerIdKind.PRIVATE: b"P", CallerIdKind.UNAVAILABLE: b"O"}.get(request.caller_id)
        if self._single:
            body = b"\x04", date + (absent or request.number.encode())
        else:
            who = [(4, absent)] if absent else [(2, request.number.encode())]
            if request.name and not absent:
                who.append((7, request.name.encode(request.charset, "replace")))
            body = b"\x80", b"".join(bytes((kind, len(data))) + data for kind, data in [(1, date), *who])
        message = body[0] + bytes((len(body[1]),)) + body[1]
        error = 1 if request.caller_id is CallerIdKind.DAMAGED else 0
        return SEIZURE + message + bytes(((-sum(message) + error) & 0xFF,))


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("A simulated FSK caller-id receiver.")
    pty_option(parser)
    parser.add_argument("--format", choices=("mdmf", "sdmf"), default="mdmf", help="message format")
    options = parser.parse_args()
    port = PtyPort(options.link, lambda _: None, reactor)  # type: ignore[arg-type]
    speech = FskSpeech(single=options.format == "sdmf")
    box = SimulatedMonitor(port, speech, reactor, options.speed)  # type: ignore[arg-type]
    serve(reactor, options.control, box.port, box.handle)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
