"""A line with a voice modem."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.task import deferLater

from hardware.line_device import Capability
from hardware.port_line import PortLine
from hardware.ports import stream_opener
from hardware.settings import LineSettings
from protocols.hayes.commands import checked_digits, checked_number
from protocols.hayes.endpoint import HayesProtocol
from protocols.hayes.session import HayesSession
from protocols.hayes.settings import HayesSettings, HayesTimings
from protocols.sayings import Saying

BAUD = 57600
_BASE = Capability.RING | Capability.DIAL | Capability.HANG_UP | Capability.LINE_LOST
_VOICE = (
    Capability.ANSWER | Capability.LOCAL_HOOK | Capability.FAR_END_ANSWER | Capability.DTMF_IN | Capability.DTMF_OUT
)
_HANG_UP_WITHIN = 2.0
_HANG_UP_POLL = 0.05


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


class HayesLine(PortLine):
    """A ``LineDevice``. Its abilities are known once the modem has been set up."""

    def __init__(self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path) -> None:
        opener = stream_opener(settings.port, settings.baud or BAUD, reactor)
        super().__init__(settings, opener, reactor, trace_folder)
        self._session = HayesSession(hayes_settings(settings))
        self._protocol = self._build()

    def _build(self) -> HayesProtocol:
        self._protocol = HayesProtocol(self._session, self._reactor, self._report, self._trace)
        return self._protocol

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        capabilities = _BASE
        if self._session.has_caller_id:
            capabilities |= Capability.CALLER_ID
        if self._session.has_voice:
            capabilities |= _VOICE
        return capabilities

    def dial(self, number: str) -> None:
        """See ``LineDevice``."""
        checked_number(number)
        self._require_up()
        self._protocol.dial(number)

    def answer(self) -> None:
        """See ``LineDevice``."""
        self._require_up()
        if not self._session.has_voice:
            raise self._incapable(Saying.CANNOT_ANSWER, Saying.NO_VOICE)
        self._protocol.answer()

    def hang_up(self) -> None:
        """See ``LineDevice``."""
        self._require_up()
        self._protocol.hang_up()

    def send_digits(self, digits: str) -> None:
        """See ``LineDevice``."""
        checked_digits(digits)
        self._require_up()
        if not self._session.has_voice:
            raise self._incapable(Saying.CANNOT_SEND_TONES, Saying.NO_VOICE)
        self._protocol.send_digits(digits)

    async def _finish_calls(self) -> None:
        if self._session.holds_call:
            self._protocol.hang_up()
        deadline = self._reactor.seconds() + _HANG_UP_WITHIN
        while self._session.holds_call and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, _HANG_UP_POLL)
