"""What the parts of one modem session share: the time, the runner of dialogues, and the signals to report."""

from __future__ import annotations

from protocols.gsm_modem.dialogue import MOST_LINES, Runner
from protocols.sms import GatewayLost, GatewayReady, GatewaySignal


class Context:
    """Keeps GatewayReady and GatewayLost in turn. ``now`` is in seconds from anywhere."""

    def __init__(self, gap: float) -> None:
        self.now = 0.0
        self.runner = Runner(gap, MOST_LINES)
        self._up: bool | None = None
        self._signals: list[GatewaySignal] = []

    def ready(self) -> None:
        """Parts are taken, if that is news."""
        if not self._up:
            self._up = True
            self._signals.append(GatewayReady())

    def lost(self, reason: str, *, refused: bool = False) -> None:
        """The modem cannot be used, if that is news."""
        if self._up is not False:
            self._up = False
            self._signals.append(GatewayLost(reason, refused))

    def report(self, *signals: GatewaySignal) -> None:
        """News of messages."""
        self._signals += signals

    def take_signals(self) -> tuple[GatewaySignal, ...]:
        """Everything reported since the last time."""
        signals = tuple(self._signals)
        self._signals.clear()
        return signals
