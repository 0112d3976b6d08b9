"""What the parts of one modem session share: the time, the command runner and the signals to report."""

from __future__ import annotations

from protocols.hayes.scripts import Script, ScriptRunner
from protocols.signals import LineLost, LineReady, LineSignal


class Context:
    """Keeps reports in an order that a listener can rely on: nothing of a call before ``LineReady``, and
    ``LineReady`` and ``LineLost`` in turn.
    """

    def __init__(self, runner: ScriptRunner) -> None:
        self.runner = runner
        self.now = 0.0
        self._up: bool | None = None
        self._signals: list[LineSignal] = []

    def run(self, script: Script) -> None:
        """Run ``script`` after those before it."""
        self.runner.run(script, self.now)

    def ready(self, identification: str) -> None:
        """The modem is there, if that is news."""
        if not self._up:
            self._up = True
            self._signals.append(LineReady(identification))

    def lost(self, reason: str) -> None:
        """The modem is not there, if that is news."""
        if self._up is not False:
            self._up = False
            self._signals.append(LineLost(reason))

    def report(self, *signals: LineSignal) -> None:
        """News of a call. From a modem not yet set up they also show that it is there."""
        if signals:
            self.ready("a modem that is being set up")
            self._signals += signals

    def take_signals(self) -> tuple[LineSignal, ...]:
        """Everything reported since the last time."""
        signals = tuple(self._signals)
        self._signals.clear()
        return signals
