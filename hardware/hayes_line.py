"""A line with a voice modem."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.internet.base import ReactorBase

from hardware.calling_line import CallingLine
from hardware.line_device import Capability
from hardware.ports import stream_opener
from hardware.settings import LineSettings
from protocols.hayes.endpoint import HayesProtocol
from protocols.hayes.session import HayesSession
from protocols.hayes.settings import HayesSettings, HayesTimings
from protocols.sayings import Saying

BAUD = 57600
_BASE = Capability.RING | Capability.DIAL | Capability.HANG_UP | Capability.LINE_LOST
_VOICE = (
    Capability.ANSWER | Capability.LOCAL_HOOK | Capability.FAR_END_ANSWER | Capability.DTMF_IN | Capability.DTMF_OUT
)


def hayes_settings(settings: LineSettings) -> HayesSettings:
    """The session's settings from a line's."""
    timings = HayesTimings()
    if settings.ring_timeout is not None:
        timings = replace(timings, ring_stop=settings.ring_timeout)
    return HayesSettings(
        profile=settings.profile,
        numberless_alarm_after=settings.numberless_alarm_after,
        dial_prefix=settings.dial_prefix,
        international_prefix=settings.international_prefix,
        timings=timings,
    )


class HayesLine(CallingLine):
    """A ``LineDevice``. Its abilities are known once the modem has been set up."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path) -> None:
        opener = stream_opener(settings.port, settings.baud or BAUD, reactor)
        self._session = HayesSession(hayes_settings(settings))
        super().__init__(settings, opener, self._session, HayesProtocol, reactor, trace_folder)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        capabilities = _BASE
        if self._session.has_caller_id:
            capabilities |= Capability.CALLER_ID
        if self._session.has_voice:
            capabilities |= _VOICE
        return capabilities

    def _unable_because(self) -> Saying | None:
        return None if self._session.has_voice else Saying.NO_VOICE
