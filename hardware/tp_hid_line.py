"""A line with a TP phone box on USB HID."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.calling_line import CallingLine
from hardware.hid_devices import OpenDevice, open_hid
from hardware.hid_port import HidOpener
from hardware.line_device import Capability
from hardware.settings import LineSettings
from protocols.tp_hid.endpoint import TpHidProtocol
from protocols.tp_hid.session import TpHidSession
from protocols.tp_hid.settings import TpHidSettings, TpHidTimings

_ABILITIES = (
    Capability.RING
    | Capability.CALLER_ID
    | Capability.LOCAL_HOOK
    | Capability.DIAL
    | Capability.HANG_UP
    | Capability.ANSWER
    | Capability.DTMF_IN
    | Capability.DTMF_OUT
    | Capability.LINE_LOST
)


def tp_hid_settings(settings: LineSettings) -> TpHidSettings:
    """The session's settings from a line's."""
    timings = TpHidTimings()
    if settings.ring_timeout is not None:
        timings = replace(timings, ring_stop=settings.ring_timeout)
    return TpHidSettings(
        numberless_alarm_after=settings.numberless_alarm_after,
        dial_prefix=settings.dial_prefix,
        international_prefix=settings.international_prefix,
        timings=timings,
    )


class TpHidLine(CallingLine):
    """A ``LineDevice``."""

    def __init__(
        self,
        settings: LineSettings,
        reactor: ReactorBase,
        trace_folder: Path,
        open_device: OpenDevice = open_hid,
    ) -> None:
        session = TpHidSession(tp_hid_settings(settings), lambda: datetime.now().astimezone())
        opener = HidOpener(settings.port, reactor, open_device)
        super().__init__(settings, opener, session, TpHidProtocol, reactor, trace_folder)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        return _ABILITIES
