"""Keeps a TP phone box set up and alive, and hands it one report at a time."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from protocols.reports import Reports
from protocols.sayings import Said, Saying
from protocols.tp_hid.codec import clock, encode
from protocols.tp_hid.messages import Acknowledged, Command, Identity
from protocols.tp_hid.settings import TpHidTimings

ATTEMPTS = 3
MAX_WAITING = 64
"""Most reports waiting to be sent; more are dropped, but for going off and on hook."""
SET_UP = (
    Command.KEEP_ALIVE,
    Command.HARDWARE,
    Command.SERIAL_NUMBER,
    Command.VERSION,
    Command.STATE,
    Command.HISTORY,
    Command.RINGER_OFF,
)
"""What upil sends when a box is plugged in, before the time."""
_NEVER_DROPPED = frozenset({Command.OFF_HOOK, Command.ON_HOOK})


class Phase(enum.Enum):
    """How far the box is; the value says why it cannot be used."""

    CLOSED = Saying.BOX_NOT_CONNECTED
    SETTING_UP = Saying.BOX_SETTING_UP
    READY = None
    LOST = Saying.BOX_SILENT


@dataclass(frozen=True)
class _Waiting:
    """A report to send. With ``refused`` it is sent once only: to dial twice would be worse than not to dial."""

    report: bytes
    refused: Callable[[], None] | None = None


class BoxLink:
    """The box as one that takes commands. ``on_lost`` is called when it is found dead or restarted."""

    def __init__(
        self, timings: TpHidTimings, reports: Reports, local_time: Callable[[], datetime], on_lost: Callable[[], None]
    ) -> None:
        self._timings = timings
        self._reports = reports
        self._local_time = local_time
        self._on_lost = on_lost
        self._waiting: deque[_Waiting] = deque()
        self._output = bytearray()
        self._pause = 0.0
        self._in_flight: _Waiting | None = None
        self._attempts = 0
        self._last_piece = b""
        self._due: float | None = None
        self._keep_alive_at: float | None = None
        self._identity: dict[str, str] = {}
        self.phase = Phase.CLOSED

    def _clear(self) -> None:
        self._waiting.clear()
        self._identity.clear()
        self._in_flight, self._attempts, self._last_piece = None, 0, b""
        self._due = self._keep_alive_at = None

    def open(self) -> None:
        """The box was plugged in."""
        self._pause = 0.0
        self._set_up()

    def close(self, reason: str) -> None:
        """The box was pulled out."""
        self._lose(reason)
        self.phase, self._due = Phase.CLOSED, None

    def send(self, command: Command, parameters: bytes = b"", refused: Callable[[], None] | None = None) -> bool:
        """Send ``command`` after those before it; False if too much waits.

        With ``refused`` it is sent once, and that is called if the box does not take it.
        """
        reports = encode(command, parameters)
        if len(self._waiting) + len(reports) > MAX_WAITING and command not in _NEVER_DROPPED:
            return False
        self._waiting.extend(_Waiting(report, refused) for report in reports)
        self._send_next()
        return True

    def drop_refusable(self) -> None:
        """Do not send what waits and can be refused."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting.refused is None)

    def heard(self) -> None:
        """The box said something: one that was thought dead is set up at once."""
        if self.phase is Phase.LOST:
            self._set_up()

    def acknowledged(self, message: Acknowledged) -> None:
        """The box took a report. Of one that was sent twice, the second acknowledgement is nothing new."""
        sent = self._in_flight
        if sent is None or (message.piece == self._last_piece != sent.report[2:]):
            return
        self._last_piece = message.piece
        self._in_flight = self._due = None
        self._send_next()
        if self._in_flight is None and self.phase is Phase.SETTING_UP:
            self._ready()

    def identified(self, message: Identity) -> None:
        """The box said what it is."""
        self._identity[message.name] = message.value

    def restarted(self) -> None:
        """The box forgot everything: what it did is over, and it is set up again."""
        self._lose(Said(Saying.BOX_RESTARTED))
        self._set_up()

    def tick(self) -> None:
        """Do what is due."""
        now = self._reports.now
        if self._due is not None and now >= self._due:
            self._overdue()
        if self._keep_alive_at is not None and now >= self._keep_alive_at:
            self._keep_alive_at = now + self._timings.keep_alive
            self.send(Command.KEEP_ALIVE)

    def deadlines(self) -> list[float | None]:
        """Times at which ``tick`` is needed."""
        return [self._due, self._keep_alive_at]

    def take_output(self) -> bytes:
        """What to write: one report at most."""
        output = bytes(self._output)
        self._output.clear()
        return output

    def _set_up(self) -> None:
        self._clear()
        self.phase = Phase.SETTING_UP
        for command in SET_UP:
            self.send(command)
        self.send(Command.SET_TIME, clock(self._local_time()))

    def _ready(self) -> None:
        self.phase, self._pause = Phase.READY, 0.0
        self._keep_alive_at = self._reports.now + self._timings.keep_alive
        self._reports.ready(
            ", ".join(["TP HID phone box", *(f"{key} {self._identity[key]}" for key in self._identity)])
        )

    def _send_next(self) -> None:
        if self._in_flight is None and self._waiting:
            self._in_flight, self._attempts = self._waiting.popleft(), 0
            self._write()

    def _write(self) -> None:
        if self._in_flight is not None:
            self._attempts += 1
            self._output += self._in_flight.report
            self._due = self._reports.now + self._timings.acknowledge

    def _overdue(self) -> None:
        unanswered = self._in_flight
        if unanswered is None:
            self._set_up()
        elif unanswered.refused is not None:
            self._give_up(unanswered.refused)
        elif self._attempts < ATTEMPTS:
            self._write()
        else:
            self._lose(Said(Saying.BOX_SILENT))

    def _give_up(self, refused: Callable[[], None]) -> None:
        """Drop the whole command, of which the box may have taken a part, and go on with the others."""
        self._in_flight = self._due = None
        self._waiting = deque(waiting for waiting in self._waiting if waiting.refused is not refused)
        refused()
        self._send_next()

    def _lose(self, reason: str) -> None:
        self._clear()
        self._output.clear()
        self.phase = Phase.LOST
        self._on_lost()
        self._reports.lost(reason)
        self._pause = min(self._timings.retry_most, max(self._timings.retry_first, 2 * self._pause))
        self._due = self._reports.now + self._pause
