"""A session under test at a bench: answers its commands from a table and lets time pass step by step."""

from __future__ import annotations

import re
from collections.abc import Callable

from protocols.actions import Actions
from protocols.hayes.session import HayesSession
from protocols.hayes.settings import HayesSettings
from protocols.hayes.sound import SoundNews
from protocols.signals import LineSignal

_UNENDED = re.compile(r"\+\+\+|\x10.")

USR_ANSWERS = {"ATI0": "5601\r\n\r\nOK"}


class Bench:
    """``answers`` maps a command to the reply text, "" to no reply; every other command gets ``OK``."""

    def __init__(self, settings: HayesSettings | None = None, answers: dict[str, str] | None = None) -> None:
        self.session = HayesSession(settings or HayesSettings())
        self.answers = USR_ANSWERS if answers is None else answers
        self.now = 1000.0
        self.sent: list[str] = []
        self.signals: list[LineSignal] = []
        self.sound: list[SoundNews] = []

    def started(self) -> Bench:
        """Open the port, let the setup run and forget what was reported."""
        self._apply(self.session.start(self.now))
        self.wait(2.0)
        assert self.session.ready
        self.sent.clear()
        self.signals.clear()
        return self

    def say(self, data: bytes | str) -> Bench:
        """The modem says ``data``; text lines are framed as V1 responses."""
        raw = data if isinstance(data, bytes) else b"".join(b"\r\n%s\r\n" % line.encode() for line in data.split("\n"))
        self._apply(self.session.receive(raw, self.now))
        return self

    def do(self, command: Callable[[HayesSession, float], Actions]) -> Bench:
        """Give a command to the session."""
        self._apply(command(self.session, self.now))
        return self

    def wait(self, seconds: float) -> Bench:
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
        self.sound += self.session.take_sound()
        # Only the escape sequence, and what ends receive mode, are not ended by CR.
        for line in _UNENDED.sub(r"\g<0>\r", actions.write.decode("ascii")).split("\r")[:-1]:
            self.sent.append(line)
            reply = self.answers.get(line, "OK" if line else "NO CARRIER")
            if reply.startswith("\x10"):
                self.say(reply.encode())
            elif reply:
                self.say(f"\r\n{reply}\r\n".encode())
