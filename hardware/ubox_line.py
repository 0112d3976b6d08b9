"""A line with a UBOX phone box behind its vendor's service."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.calling_line import CallingLine
from hardware.line_device import Capability
from hardware.settings import LineSettings
from hardware.shared_ports import SharedPorts
from hardware.ubox_address import ubox_address
from hardware.ubox_port import UboxOpener
from protocols.ubox.endpoint import UboxProtocol
from protocols.ubox.session import UboxSession
from protocols.ubox.settings import UboxSettings, UboxTimings

_WATCHES = Capability.RING | Capability.CALLER_ID | Capability.LOCAL_HOOK | Capability.DTMF_IN | Capability.LINE_LOST
_GOES_OFF_HOOK = Capability.DIAL | Capability.HANG_UP | Capability.ANSWER | Capability.DTMF_OUT


def ubox_settings(settings: LineSettings, channel: int) -> UboxSettings:
    """The session's settings from a line's."""
    timings = UboxTimings()
    if settings.ring_timeout is not None:
        timings = replace(timings, ring_stop=settings.ring_timeout)
    return UboxSettings(
        channel=channel,
        numberless_alarm_after=settings.numberless_alarm_after,
        dial_prefix=settings.dial_prefix,
        international_prefix=settings.international_prefix,
        timings=timings,
    )


class UboxLine(CallingLine):
    """A ``LineDevice``. Its abilities are known once the service has told the model."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path, shared: SharedPorts) -> None:
        url, channel = ubox_address(settings.port)
        self._session = UboxSession(ubox_settings(settings, channel))
        super().__init__(settings, UboxOpener(shared.ubox.at(url)), self._session, UboxProtocol, reactor, trace_folder)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        product = self._session.product
        return _WATCHES | _GOES_OFF_HOOK if product is not None and product.goes_off_hook else _WATCHES
