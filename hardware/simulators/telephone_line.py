"""The telephone line behind the simulated device: the exchange, the caller, and the person at the handset."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hardware.simulators.chips import Chip
from hardware.simulators.requests import CallerIdKind, CallRequest, DialResult, OutgoingRequest, RefusedError

RING_PERIOD = 5.0
"""One second of ringing, four of silence (China, USA)."""
CALLER_ID_DELAY = 1.5
"""From the start of a ring to the end of the caller id behind it."""
RINGBACK_SILENCE = 7.0
"""How long a chip waits for more ringback before it presumes an answer."""
KEY_PRESS = 0.3
_KEY_REPEATS = 4

Done = Callable[[str], None]

_FAILURES = {
    DialResult.BUSY: ("BUSY", "b"),
    DialResult.NO_ANSWER: ("NO ANSWER", "b"),
    DialResult.NO_CARRIER: ("NO CARRIER", "b"),
    DialResult.NO_DIAL_TONE: ("NO DIALTONE", "b"),
}


class LineBusyError(RefusedError):
    """A call is going on already."""


class Station(Protocol):
    """The device at the end of the line, whose events are told by a modem's codes; see ``ModemChip``."""

    chip: Chip
    dialling: bool

    def plug(self, line: Any) -> None:
        """Connect the telephone line."""

    def ring(self) -> None:
        """Ringing voltage."""

    def caller(self, fields: list[tuple[str, bytes]]) -> None:
        """Caller id was received on hook; ``fields`` are key and raw value."""

    def damaged_caller(self) -> None:
        """Caller id was received with a wrong checksum."""

    def event(self, code: str) -> None:
        """Something heard on the line."""

    def handset(self, *, lifted: bool) -> None:
        """The handset beside the device."""

    def dial_result(self, result: str) -> None:
        """What the dialled call came to."""


class TelephoneLine:
    """One line and at most one call on it. ``speed`` makes its seconds shorter."""

    def __init__(self, chip: Station, clock: IReactorTime, speed: float = 1.0) -> None:
        self._chip = chip
        self._clock = clock
        self._speed = speed
        self._timers: list[IDelayedCall] = []
        self._incoming: CallRequest | None = None
        self._outgoing: OutgoingRequest | None = None
        self._planned: tuple[OutgoingRequest, Done] | None = None
        self._done: Done | None = None
        self._rings = 0
        self.state = "idle"
        self.dialled = ""
        chip.plug(self)

    # Asked for.

    def call(self, request: CallRequest, done: Done) -> None:
        """Somebody calls; ``done`` is told how it ended. ``LineBusyError`` if a call is going on."""
        if self.state != "idle":
            raise LineBusyError(f"the line is not idle but {self.state}")
        self._incoming, self._done, self._rings = request, done, 0
        self.state = "ringing"
        if request.rings_before_id == 0:
            self._send_caller_id()
            self._later(1.0, self._ring)
        else:
            self._ring()
        if request.answer_after is not None:
            self._later(request.answer_after, self._handset_lifted)

    def plan_outgoing(self, request: OutgoingRequest, done: Done) -> None:
        """The next dialled call comes out as ``request`` says."""
        self._planned = (request, done)

    def cut(self) -> None:
        """The modem is gone; the line is idle again."""
        self._over("cut off")

    # By the modem.

    def off_hook(self) -> None:
        """The modem took the ringing call, or seized an idle line and hears dial tone."""
        if self.state == "ringing" and self._incoming is not None:
            self._taken("talking")
            self._press_keys(self._incoming.digits)
            self._caller_hangs_up_after(self._incoming.hangup_after, self._far_end_gone)
        elif self.state == "idle":
            self._later(0.5, lambda: self._chip.event("d"))

    def on_hook(self) -> None:
        """The modem released the line."""
        if self.state in ("talking", "dialling"):
            self._over("hung up by the computer")

    def dial(self, number: str) -> None:
        """The modem dials: ringback until the planned outcome."""
        plan = OutgoingRequest(command="outgoing", result=DialResult.ANSWER)
        self._done = None
        if self._planned is not None:
            (plan, self._done), self._planned = self._planned, None
        self.state, self.dialled = "dialling", number
        self._outgoing = plan
        if self._chip.chip.dialled == "OK" and plan.result is not DialResult.NO_DIAL_TONE:
            self._later(0.5, lambda: self._chip.dial_result("OK"))
        if plan.result in (DialResult.ANSWER, DialResult.NO_ANSWER):
            self._later(1.0, self._ringback)
        self._later(max(plan.after, 0.6), lambda: self._outcome(plan))

    # The course of an incoming call.

    def _ring(self) -> None:
        request = self._incoming
        if request is None:
            return
        if self._rings >= request.rings:
            self._over("abandoned")
            return
        self._rings += 1
        self._chip.ring()
        if self._rings == request.rings_before_id:
            self._later(CALLER_ID_DELAY, self._send_caller_id)
        self._later(RING_PERIOD, self._ring)

    def _send_caller_id(self) -> None:
        request = self._incoming
        if request is None or self.state != "ringing":
            return
        # The exchange's clock is the hospital's local time.
        now = datetime.now().astimezone()
        clock = [("DATE", f"{now:%m%d}".encode()), ("TIME", f"{now:%H%M}".encode())]
        number, name = request.number.encode(), request.name.encode(request.charset, "replace")
        named = [("NAME", name)] if name else []
        match request.caller_id:
            case CallerIdKind.FULL:
                self._chip.caller([*clock, ("NMBR", number), *named])
            case CallerIdKind.NUMBER:
                self._chip.caller([("NMBR", number)])
            case CallerIdKind.PRIVATE:
                self._chip.caller([*clock, ("NMBR", b"P"), ("NAME", b"P")])
            case CallerIdKind.UNAVAILABLE:
                self._chip.caller([*clock, ("NMBR", b"O"), ("NAME", b"O")])
            case CallerIdKind.DAMAGED:
                self._chip.damaged_caller()
            case CallerIdKind.DTMF:
                for key in f"D{re.sub('[^0-9]', '', request.number)}C":
                    self._press(key)
            case CallerIdKind.NONE:
                pass

    def _handset_lifted(self) -> None:
        if self.state == "ringing" and self._incoming is not None:
            self._taken("on the handset")
            self._chip.handset(lifted=True)
            self._caller_hangs_up_after(self._incoming.hangup_after, self._handset_replaced)

    def _handset_replaced(self) -> None:
        self._chip.handset(lifted=False)
        self._over("ended on the handset")

    def _taken(self, state: str) -> None:
        self._stop_timers()
        self.state = state

    def _press_keys(self, digits: str) -> None:
        for place, digit in enumerate(digits):
            self._later(1.0 + 2 * KEY_PRESS * place, lambda digit=digit: self._press(digit))  # type: ignore[misc]

    def _press(self, digit: str) -> None:
        for code in ("/", *digit * _KEY_REPEATS, "~"):
            self._chip.event(code)

    # The course of an outgoing call.

    def _ringback(self) -> None:
        if self.state == "dialling":
            self._chip.event("r")
            self._later(RING_PERIOD, self._ringback)

    def _outcome(self, plan: OutgoingRequest) -> None:
        self._stop_timers()
        if plan.result is DialResult.ANSWER:
            self.state = "talking"
            if self._chip.dialling:
                self._later(RINGBACK_SILENCE, lambda: self._chip.dial_result(self._chip.chip.dialled))
            self._caller_hangs_up_after(plan.hangup_after, self._far_end_gone)
            return
        text, event = _FAILURES[plan.result]
        self._over(plan.result.value)
        if self._chip.dialling:
            self._chip.dial_result(text)
        else:
            self._chip.event(event)

    # How calls end.

    def _caller_hangs_up_after(self, seconds: float | None, then: Callable[[], None]) -> None:
        if seconds is not None:
            self._later(seconds, then)

    def _far_end_gone(self) -> None:
        self._over("far end hung up")
        if self._chip.dialling:
            self._chip.dial_result("NO CARRIER")
        else:
            self._chip.event(self._chip.chip.far_end_gone)

    def _over(self, how: str) -> None:
        self._stop_timers()
        done, self._done = self._done, None
        self._incoming = self._outgoing = None
        self.state = "idle"
        if done is not None:
            done(how)

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        self._timers = [timer for timer in self._timers if timer.active()]
        self._timers.append(self._clock.callLater(seconds / self._speed, then))

    def _stop_timers(self) -> None:
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        self._timers.clear()
