"""A telephone line on a Whozz Calling Ethernet box, which only monitors."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.line_device import Capability
from hardware.port_address import whozz_address
from hardware.port_line import PortLine
from hardware.settings import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.udp_port import UdpOpener, Verdict
from protocols.line_endpoint import LineProtocol
from protocols.whozz.codec import decode
from protocols.whozz.session import WhozzSession
from protocols.whozz.settings import RecordTimings, WhozzSettings


def record_timings(settings: LineSettings) -> RecordTimings:
    """How the records of a line are put together, by its settings."""
    return RecordTimings() if settings.ring_timeout is None else RecordTimings(ring_stop=settings.ring_timeout)


class WhozzLine(PortLine):
    """A ``LineDevice``. What its box can do shows itself as it does it."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path, shared: SharedPorts) -> None:
        address = whozz_address(settings.port)
        self._own = WhozzSettings(address.line, address.unit, record_timings(settings))
        self._session = WhozzSession(self._own)
        super().__init__(settings, UdpOpener(shared.sockets, address.udp, self._judge), reactor, trace_folder)

    def _build(self) -> LineProtocol:
        return LineProtocol(self._session, self._reactor, self._report, self._trace)

    def _judge(self, datagram: bytes) -> Verdict:
        packet = decode(datagram)
        if packet is None:
            return Verdict.NOISE
        if not self._own.from_its_box(packet):
            return Verdict.OTHER_BOX
        # What is no record of a call is for all lines of the box.
        mine = packet.record is None or packet.record.line == self._own.line
        return Verdict.MINE if mine else Verdict.OTHER_LINE

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        capabilities = Capability.CALLER_ID
        if self._session.sees_hook:
            capabilities |= Capability.RING | Capability.LOCAL_HOOK
        if self._session.answers:
            capabilities |= Capability.LINE_LOST
        return capabilities
