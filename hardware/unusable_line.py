"""A line whose device cannot be made from its settings: it is lost and says why."""

from __future__ import annotations

from pathlib import Path

from hardware.line_device import Capability, HardwareError, SignalListener
from hardware.port_line import unavailable
from hardware.trace import TraceListener
from protocols.sayings import Said, Saying
from protocols.signals import LineLost


class UnusableLine:
    """A ``LineDevice`` that never comes. ``why`` is a sentence for people."""

    def __init__(self, name: str, why: str) -> None:
        self._name = name
        self._why = Said(Saying.SETTINGS_UNUSABLE, why=why)

    @property
    def capabilities(self) -> Capability:
        """None."""
        return Capability.NONE

    def start(self, listener: SignalListener) -> None:
        """Say why it is lost."""
        listener(LineLost(self._why))

    async def stop(self) -> None:
        """There is nothing to stop."""

    def dial(self, number: str) -> None:
        """Raise."""
        raise self._unavailable()

    def answer(self) -> None:
        """Raise."""
        raise self._unavailable()

    def hang_up(self) -> None:
        """Raise."""
        raise self._unavailable()

    def send_digits(self, digits: str) -> None:
        """Raise."""
        raise self._unavailable()

    @property
    def recordings(self) -> Path | None:
        """None."""
        return None

    def record(self, name: str) -> None:
        """Raise."""
        raise self._unavailable()

    @property
    def call_control(self) -> None:
        """See ``LineDevice``."""
        return None

    def set_trace(self, enabled: bool) -> None:
        """There is nothing to trace."""

    def watch(self, listener: TraceListener | None) -> None:
        """There is nothing to watch."""

    def rename(self, name: str) -> None:
        """See ``LineDevice``."""
        self._name = name

    def _unavailable(self) -> HardwareError:
        return unavailable(self._name, self._why)
