"""Lines with a box that passes on caller id and does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.line_device import Capability
from hardware.port_line import PortLine
from hardware.ports import stream_opener
from hardware.settings import LineSettings
from protocols.fsk.session import FskSession
from protocols.line_endpoint import LineProtocol
from protocols.monitor_session import MonitorSession, MonitorSettings
from protocols.netcallerid.session import NetCallerIdSession


class MonitorLine(PortLine):
    """A ``LineDevice`` that only monitors. A subclass says at which speed, and with which session."""

    baud: int
    session: Callable[[MonitorSettings], MonitorSession]

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path) -> None:
        opener = stream_opener(settings.port, settings.baud or self.baud, reactor)
        super().__init__(settings, opener, reactor, trace_folder)
        session_settings = MonitorSettings()
        if settings.ring_timeout is not None:
            session_settings = replace(session_settings, ring_stop=settings.ring_timeout)
        self._session = type(self).session(session_settings)

    def _build(self) -> LineProtocol:
        return LineProtocol(self._session, self._reactor, self._report, self._trace)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        return Capability.CALLER_ID | Capability.LINE_LOST


class FskLine(MonitorLine):
    """An FSK caller-id receiver."""

    baud = 1200
    session = FskSession


class NetCallerIdLine(MonitorLine):
    """A NetCallerID box."""

    baud = 4800
    session = NetCallerIdSession
