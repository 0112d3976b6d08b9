"""A TP box session under test at a bench: its reports are acknowledged, and time passes step by step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from protocols.actions import Actions
from protocols.signals import LineSignal
from protocols.tp_hid.session import TpHidSession
from protocols.tp_hid.settings import TpHidSettings

WHEN = datetime(2012, 5, 26, 16, 57, 41, tzinfo=UTC)


class TpHidBench:
    """``obeys``: the box says that it went off or on hook when told to. ``deaf``: it acknowledges nothing.

    ``sent`` are the commands that it was told, as hexadecimal without FF and length.
    """

    def __init__(self, settings: TpHidSettings | None = None) -> None:
        self.session = TpHidSession(settings or TpHidSettings(), lambda: WHEN)
        self.now = 1000.0
        self.obeys = True
        self.deaf = False
        self.reports: list[bytes] = []
        self.sent: list[str] = []
        self.signals: list[LineSignal] = []
        self._pdu = b""

    def start(self) -> TpHidBench:
        self._apply(self.session.start(self.now))
        return self

    def started(self) -> TpHidBench:
        """Plugged in and set up; what was reported is forgotten."""
        self.start()
        self.forget()
        return self

    def forget(self) -> None:
        self.sent.clear()
        self.signals.clear()

    def say(self, *pdus: str) -> TpHidBench:
        """The box says these events, each as hexadecimal code and parameters."""
        for pdu in pdus:
            body = bytes.fromhex(pdu)
            whole = bytes((0xFF, len(body))) + body
            for start in range(0, len(whole), 6):
                piece = whole[start : start + 6]
                self.hear(bytes((3, len(piece))) + piece.ljust(6, b"\0"))
        return self

    def hear(self, report: bytes) -> TpHidBench:
        self._apply(self.session.receive(report, self.now))
        return self

    def do(self, command: Callable[[TpHidSession, float], Actions]) -> TpHidBench:
        self._apply(command(self.session, self.now))
        return self

    def dial(self, number: str) -> TpHidBench:
        return self.do(lambda session, now: session.dial(number, now))

    def press(self, digits: str) -> TpHidBench:
        return self.do(lambda session, now: session.send_digits(digits, now))

    def answer(self) -> TpHidBench:
        return self.do(TpHidSession.answer)

    def hang_up(self) -> TpHidBench:
        return self.do(TpHidSession.hang_up)

    def wait(self, seconds: float) -> TpHidBench:
        """Let time pass, waking the session exactly at its deadlines."""
        end = self.now + seconds
        for _ in range(10_000):
            due = self.session.next_deadline()
            if due is None or due > end:
                self.now = end
                return self
            self.now = max(self.now, due)
            self._apply(self.session.tick(self.now))
        raise AssertionError("the session wants to be woken without end")

    def reported(self) -> list[LineSignal]:
        """Signals since the last time."""
        signals, self.signals = self.signals, []
        return signals

    def _apply(self, actions: Actions) -> None:
        self.signals += actions.signals
        if not actions.write:
            return
        assert len(actions.write) == 8, "one report at a time"
        self.reports.append(actions.write)
        if self.deaf:
            return
        told = self._take(actions.write)
        self.hear(bytes((3, 0x80)) + actions.write[2:])
        if self.obeys and told in ("61", "62"):
            self.say("E3" if told == "61" else "E4")

    def _take(self, report: bytes) -> str:
        self._pdu += report[2 : 2 + report[1]]
        if len(self._pdu) < 2 + self._pdu[1]:
            return ""
        told, self._pdu = self._pdu[2:].hex(), b""
        self.sent.append(told)
        return told
