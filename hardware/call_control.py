"""What a line device can do with an answered call beyond ending it, where it can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from protocols.ami.control import ControlWish
from protocols.ami.listening import ListenMode

__all__ = ["CallControl", "ControlWish", "ListenMode", "Telephone"]


@dataclass(frozen=True)
class Telephone:
    """A telephone on a PBX: ``extension`` is the number at which others on it reach it, empty for none; ``line`` is
    how the connection to the PBX ``pbx`` calls it.
    """

    pbx: str
    line: str
    extension: str


class CallControl(Protocol):
    """Commands return at once after validating their argument; what came of them is reported by signals.

    They raise ``NotCapableError`` for what the device cannot do and ``HardwareError`` while it is lost.
    """

    @property
    def telephone(self) -> Telephone:
        """The line's own telephone."""
        ...

    def control(self, wish: ControlWish, number: str = "") -> None:
        """Hold the call, transfer it …; ``number``, of ``0-9 * # +``, is to whom: anything else is a ``ValueError``."""
        ...

    def listen(self, listener: str, phone: Telephone, mode: ListenMode) -> None:
        """Let ``phone``, on the same PBX, hear the call; ``listener`` is what the signals call it."""
        ...

    def stop_listening(self, listener: str) -> None:
        """End that, at once or as soon as the PBX can be told; nothing if nobody listens under this name."""
        ...
