"""A caller-id box that says one line of text for each call, in software:
``python -m hardware.simulators.serial_box --format tci --link PATH --control SOCKET``.
"""

from __future__ import annotations

from datetime import datetime

from hardware.simulators.monitor import SimulatedMonitor, Speech
from hardware.simulators.process import common_options, pty_option, serve
from hardware.simulators.pty_port import PtyPort
from hardware.simulators.requests import CallerIdKind, CallRequest

_SILENT = frozenset({CallerIdKind.NONE, CallerIdKind.DAMAGED, CallerIdKind.DTMF})


class NetCallerIdSpeech(Speech):
    """``###DATE…...NMBR…...NAME…+++`` and CR."""

    def caller(self, request: CallRequest, when: datetime) -> bytes:
        """One message; nothing without caller id, or with one that the box cannot read."""
        if request.caller_id in _SILENT:
            return b""
        number, name = request.number.encode(), request.name.encode(request.charset, "replace")
        if request.caller_id is CallerIdKind.PRIVATE:
            number, name = b"", b"-PRIVATE CALLER-"
        elif request.caller_id is CallerIdKind.UNAVAILABLE:
            number, name = b"", b"-UNKNOWN CALLER-"
        return b"###DATE%b...NMBR%b...NAME%b+++\r" % (f"{when:%m%d%H%M}".encode(), number, name)


class TciSpeech(Speech):
    """A line of 70 columns."""

    def __init__(self, line: int) -> None:
        self._line = line

    def caller(self, request: CallRequest, when: datetime) -> bytes:
        """One line; nothing without caller id."""
        if request.caller_id in _SILENT:
            return b""
        absent = {CallerIdKind.PRIVATE: "PRIVATE", CallerIdKind.UNAVAILABLE: "OUT OF AREA"}.get(request.caller_id)
        name = b"" if absent else request.name.encode(request.charset, "replace")[:15]
        at = f"{when.month:2}/{when:%d}     {int(f'{when:%I}'):2}:{when:%M %p}"
        text = f"{self._line:02}     {at}    {(absent or request.number)[:15]:>15}           "
        return text.encode() + name.ljust(15) + b"\r\n"


def main() -> None:
    """Run the simulator until it is told to stop by SIGINT or SIGTERM."""
    from twisted.internet import reactor  # noqa: PLC0415

    parser = common_options("A simulated serial caller-id box.")
    pty_option(parser)
    parser.add_argument("--format", choices=("netcallerid", "tci"), required=True, help="what it says")
    parser.add_argument("--line", type=int, default=1, help="line of the box, for tci (default %(default)s)")
    options = parser.parse_args()
    speech = NetCallerIdSpeech() if options.format == "netcallerid" else TciSpeech(options.line)
    port = PtyPort(options.link, lambda _: None, reactor)  # type: ignore[arg-type]
    box = SimulatedMonitor(port, speech, reactor, options.speed)  # type: ignore[arg-type]
    serve(reactor, options.control, box.port, box.handle)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
