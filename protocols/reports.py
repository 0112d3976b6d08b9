"""What the parts of one line session share: the time, and the signals to report."""

from __future__ import annotations

from protocols.signals import CommandFailed, LineLost, LineReady, LineSignal


class Reports:
    """Keeps reports in an order that a listener can rely on: nothing of a call before ``LineReady``, and
    ``LineReady`` and ``LineLost`` in turn. ``unready`` is what a device that is not yet set up is called.
    """

    def __init__(self, unready: str) -> None:
        self.now = 0.0
        self._unready = unready
        self._up: bool | None = None
        self._signals: list[LineSignal] = []

    def ready(self, identification: str) -> None:
        """The device is there, if that is news."""
        if not self._up:
            self._up = True
            self._signals.append(LineReady(identification))

    def lost(self, reason: str) -> None:
        """The device is not there, if that is news."""
        if self._up is not False:
            self._up = False
            self._signals.append(LineLost(reason))

    def report(self, *signals: LineSignal) -> None:
        """News of a call. From a device not yet set up they also show that it is there."""
        if signals:
            self.ready(self._unready)
            self._signals += signals

    def failed(self, command: str, detail: str) -> None:
        """A command was refused, which shows nothing of the device."""
        self._signals.append(CommandFailed(command, detail))

    def take_signals(self) -> tuple[LineSignal, ...]:
        """Everything reported since the last time."""
        signals = tuple(self._signals)
        self._signals.clear()
        return signals
