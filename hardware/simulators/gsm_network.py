"""The mobile network behind the simulated modem: what becomes of messages that are sent, and who writes back."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from hardware.simulators.gsm_requests import FateRequest, TextRequest, fate_of
from hardware.simulators.smsc_requests import Behaviour, Treatment
from hardware.simulators.treating import Treating
from protocols import gsm7
from protocols.clocks import wall_seconds
from protocols.gsm_modem.codec import encode_deliver, encode_report
from protocols.gsm_modem.messages import Coding, Deliver, Joint, StatusReport, Submit, UserData

CHINA = timezone(timedelta(hours=8))
MOST_REMEMBERED = 1000
USUAL = Treatment(delay=2.0, receipt_after=5.0)
"""As networks are: seconds."""
_SIZES = {Coding.GSM7: (160, 153), Coding.UCS2: (70, 67)}


class Mobile(Protocol):
    """The modem, as the network sees it."""

    def deliver(self, tpdu: bytes, *, report: bool) -> bool:
        """A message or a status report; False if it cannot be taken now."""
        ...


@dataclass(frozen=True)
class Verdict:
    """What the network answers to a message: nothing if ``silent``, else an error, or its reference."""

    delay: float
    reference: int = 0
    error: int | None = None
    silent: bool = False


class GsmNetwork:
    """``speed`` is how much faster than real time everything goes. The last ``kept`` messages are remembered.

    Raises ``RefusedError`` for a ``treatment`` that networks do not have.
    """

    def __init__(
        self, clock: IReactorTime, speed: float, treatment: Treatment = USUAL, kept: int = MOST_REMEMBERED
    ) -> None:
        self._clock = clock
        self._speed = speed
        self._reference = 0
        self._next_text = 0
        self._fate: FateRequest | None = None
        self._left: int | None = None
        self.counts: Counter[str] = Counter()
        self._treating = Treating(treatment, clock.seconds, self.counts)
        self.treat(treatment)
        self._undelivered: deque[tuple[bytes, bool]] = deque()
        self._timers: set[IDelayedCall] = set()
        self.sent: deque[dict[str, Any]] = deque(maxlen=kept)
        self.mobile: Mobile | None = None

    def treat(self, treatment: Treatment) -> None:
        """From now on messages are treated so. Raises ``RefusedError``."""
        fate_of(treatment.behaviour, treatment)
        self._treating.treat(treatment)
        self._fate = None

    def decide(self, request: FateRequest) -> None:
        """What becomes of the next messages, whatever their treatment otherwise."""
        self._fate = request
        self._left = request.count

    def submit(self, message: Submit) -> Verdict:
        """The modem sends ``message``."""
        fate = self._next_fate()
        delay = fate.delay / self._speed
        if fate.behaviour is Behaviour.SILENT:
            return Verdict(delay, silent=True)
        if fate.behaviour is Behaviour.REFUSE:
            return Verdict(delay, error=fate.error)
        self._reference = self._reference % 255 + 1
        self._keep(message)
        if message.receipt and fate.report is not None:
            now = datetime.fromtimestamp(wall_seconds(self._clock), CHINA)
            after = (fate.delay + fate.report_after) / self._speed
            report = StatusReport(self._reference, message.number, now, now + timedelta(seconds=after), fate.report)
            for _ in range(fate.copies):
                self._later(after, encode_report(report), report=True)
        return Verdict(delay, self._reference)

    def _next_fate(self) -> FateRequest:
        fate = self._fate
        if fate is None:
            return fate_of(self._treating.next(), self._treating.treatment)
        self._treating.count(fate.behaviour)
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self._fate, self._left = None, None
        return fate

    def write(self, request: TextRequest) -> None:
        """Somebody writes to the modem."""
        self.counts["texts"] += 1
        for tpdu in self._parts(request):
            for _ in range(request.copies):
                self._send(tpdu, report=False)

    def retry(self) -> None:
        """The modem can take messages again."""
        for _ in range(len(self._undelivered)):
            tpdu, report = self._undelivered.popleft()
            self._send(tpdu, report=report)

    def stop(self) -> None:
        """Forget what was to come."""
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        self._timers.clear()

    def _keep(self, message: Submit) -> None:
        joint = message.body.joint
        self.sent.append(
            {
                "reference": self._reference,
                "number": message.number,
                "text": message.body.text,
                "receipt": message.receipt,
                "validity": message.validity,
                "part": None if joint is None else [joint.reference, joint.position, joint.total],
            }
        )

    def _later(self, seconds: float, tpdu: bytes, *, report: bool) -> None:
        self._timers = {timer for timer in self._timers if timer.active()}
        timer = self._clock.callLater(seconds, self._send, tpdu, report=report)
        self._timers.add(timer)

    def _send(self, tpdu: bytes, *, report: bool) -> None:
        if self.mobile is None or not self.mobile.deliver(tpdu, report=report):
            self._undelivered.append((tpdu, report))

    def _parts(self, request: TextRequest) -> list[bytes]:
        coding = Coding.GSM7 if gsm7.fits(request.text) else Coding.UCS2
        whole, piece = _SIZES[coding]
        at = datetime.fromtimestamp(wall_seconds(self._clock), UTC).astimezone(CHINA)
        pieces = _cut(request.text, coding, whole, piece)
        self._next_text = (self._next_text + 1) % 0xFFFF
        reference = self._next_text if request.wide else self._next_text & 0xFF
        bodies = [
            UserData(coding, text, joint=Joint(reference, len(pieces), place, request.wide) if pieces[1:] else None)
            for place, text in enumerate(pieces, 1)
        ]
        tpdus = [encode_deliver(Deliver(request.number, body, at.replace(microsecond=0))) for body in bodies]
        return tpdus[::-1] if request.backwards else tpdus


def _cut(text: str, coding: Coding, whole: int, piece: int) -> list[str]:
    """Pieces no longer than fit, no sign of two places torn apart."""

    def size(words: str) -> int:
        return gsm7.septets(words) if coding is Coding.GSM7 else len(words.encode("utf-16-be")) // 2

    if size(text) <= whole:
        return [text]
    pieces = [""]
    for sign in text:
        # A wide reference takes one more place.
        if size(pieces[-1] + sign) > piece - 1:
            pieces.append("")
        pieces[-1] += sign
    return pieces
