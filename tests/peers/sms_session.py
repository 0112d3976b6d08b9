"""An SMS gateway session in a test: time, parts, and what it said, one call each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from protocols.sms import GatewaySignal, Part, TextEncoding
from protocols.sms_actions import SmsActions, SmsLimits, SmsTimings
from protocols.sms_heard import Tongue
from protocols.sms_session import SmsSession
from protocols.sms_window import SequenceNumbers

NUMBER = "+8613800138000"
NOON = datetime(2025, 11, 5, 6, 29, 42, tzinfo=UTC)
Kind = TypeVar("Kind", bound=GatewaySignal)


def part(key: str = "1", text: str = "您好，预约提醒", **fields: object) -> Part:
    encoding = TextEncoding.GSM7 if text.isascii() else TextEncoding.UCS2
    return Part(**{"key": key, "number": NUMBER, "text": text, "encoding": encoding, "validity": 3600.0, **fields})


class Driven:
    """``written`` and ``signals`` gather what the session did until they are taken."""

    def __init__(
        self, tongue: Tongue, limits: SmsLimits | None = None, timings: SmsTimings | None = None, first: int = 0
    ) -> None:
        self.session = SmsSession(tongue, limits or SmsLimits(), timings or SmsTimings(), SequenceNumbers(first))
        self.now = 1000.0
        self.written = b""
        self.signals: list[GatewaySignal] = []
        self.doubts: list[str] = []
        self.closed = False

    def did(self, actions: SmsActions) -> None:
        self.written += actions.write
        self.signals.extend(actions.signals)
        self.doubts.extend(actions.doubts)
        self.closed = actions.close

    def start(self) -> None:
        self.did(self.session.start(self.now))

    def hear(self, *pdus: bytes) -> None:
        self.did(self.session.receive(b"".join(pdus), self.now))

    def submit(self, *parts: Part) -> None:
        self.session.submit(parts)
        self.did(self.session.flush(self.now))

    def flush(self) -> None:
        self.did(self.session.flush(self.now))

    def leave(self) -> None:
        self.did(self.session.leave(self.now))

    def lose(self, reason: str = "gone") -> None:
        self.did(self.session.port_lost(reason, self.now))

    def wait(self, seconds: float) -> None:
        """Let time pass, and tick whenever the session wants to."""
        until = self.now + seconds
        for _ in range(100_000):
            due = self.session.next_deadline()
            if due is None or due > until or self.closed:
                break
            self.now = max(self.now, due)
            self.did(self.session.tick(self.now))
        self.now = until

    def jump(self, seconds: float) -> None:
        """The clock is set."""
        self.now += seconds
        self.did(self.session.tick(self.now))

    def take_written(self) -> bytes:
        written, self.written = self.written, b""
        return written

    def take_signals(self) -> Sequence[GatewaySignal]:
        signals, self.signals = self.signals, []
        return signals
