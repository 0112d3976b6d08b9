"""A gateway whose device cannot be made from its settings: it is lost and says why."""

from __future__ import annotations

from collections.abc import Sequence

from hardware.gateways.device import GatewayAbility
from hardware.trace import TraceListener
from protocols.sayings import Said, Saying
from protocols.sms import GatewayListener, GatewayLost, Part


class UnusableGateway:
    """A ``GatewayDevice`` that never comes. ``why`` is a sentence for people."""

    letters = ""
    charset = ""
    longest = 0

    def __init__(self, why: str) -> None:
        self._why = Said(Saying.SETTINGS_UNUSABLE, why=why)

    @property
    def abilities(self) -> GatewayAbility:
        """None."""
        return GatewayAbility.NONE

    @property
    def room(self) -> int:
        """None."""
        return 0

    @property
    def next_attempt(self) -> None:
        """It will not try."""

    def start(self, listener: GatewayListener) -> None:
        """Say why it is lost."""
        listener([GatewayLost(self._why, refused=True)])

    async def stop(self) -> None:
        """There is nothing to stop."""

    def submit(self, parts: Sequence[Part]) -> None:
        """Nobody hands anything to a gateway that is lost; RuntimeError."""
        raise RuntimeError(str(self._why))

    def ask_balance(self) -> None:
        """There is nobody to ask."""

    @property
    def pushes(self) -> None:
        """Nobody pushes."""

    def set_trace(self, enabled: bool) -> None:
        """There is nothing to trace."""

    def watch(self, listener: TraceListener | None) -> None:
        """There is nothing to watch."""
