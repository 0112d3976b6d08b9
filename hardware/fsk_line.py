"""A line with a receiver that passes on FSK caller id and does nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.line_device import Capability
from hardware.port_line import PortLine
from hardware.serial_port import SerialOpener
from hardware.settings import LineSettings
from protocols.fsk.endpoint import FskProtocol
from protocols.fsk.session import FskSession, FskSettings

BAUD = 1200


class FskLine(PortLine):
    """A ``LineDevice`` that only monitors."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path) -> None:
        opener = SerialOpener(settings.port, settings.baud or BAUD, reactor)
        super().__init__(settings, opener, reactor, trace_folder)
        session_settings = FskSettings()
        if settings.ring_timeout is not None:
            session_settings = replace(session_settings, ring_stop=settings.ring_timeout)
        self._session = FskSession(session_settings)

    def _build(self) -> FskProtocol:
        return FskProtocol(self._session, self._reactor, self._report, self._trace)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        return Capability.CALLER_ID | Capability.LINE_LOST
