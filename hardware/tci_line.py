"""A telephone line on a serial caller-id box of TCI or Whozz Calling, which only monitors."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.line_device import Capability
from hardware.port_address import tci_address
from hardware.port_line import PortLine
from hardware.settings import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.whozz_line import record_timings
from protocols.line_endpoint import LineProtocol
from protocols.tci.session import TciSession, TciSettings

BAUD = 9600


class TciLine(PortLine):
    """A ``LineDevice``. Lines of one box share its port."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path, shared: SharedPorts) -> None:
        address = tci_address(settings.port)
        self._session = TciSession(TciSettings(address.line, record_timings(settings)))
        super().__init__(settings, shared.stream(address.port, settings.baud or BAUD), reactor, trace_folder)

    def _build(self) -> LineProtocol:
        return LineProtocol(self._session, self._reactor, self._report, self._trace)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        hook = Capability.RING | Capability.LOCAL_HOOK if self._session.sees_hook else Capability.NONE
        return Capability.CALLER_ID | Capability.LINE_LOST | hook
