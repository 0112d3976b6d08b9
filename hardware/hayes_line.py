"""A line with a voice modem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IReactorTime

from hardware.calling_line import CallingLine
from hardware.line_device import Capability
from hardware.port_line import threads_of
from hardware.ports import stream_opener
from hardware.settings import LineSettings
from hardware.wav_recorder import WavRecorder, checked_file_name
from protocols.actions import CallSession
from protocols.hayes.endpoint import HayesProtocol
from protocols.hayes.session import HayesSession
from protocols.hayes.settings import HayesSettings, HayesTimings
from protocols.line_endpoint import WireTap
from protocols.sayings import Said, Saying
from protocols.signals import CommandFailed, DeviceWarns, LineSignal

BAUD = 57600
Report = Callable[[LineSignal], None]
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

    def __init__(
        self, settings: LineSettings, reactor: ReactorBase, trace_folder: Path, recordings: Path | None = None
    ) -> None:
        opener = stream_opener(settings.port, settings.baud or BAUD, reactor)
        session = self._session = HayesSession(hayes_settings(settings))
        self._recordings = recordings
        sink = WavRecorder(recordings or trace_folder, threads_of(reactor), self._cut)
        # Built anew for each opening of the port; the base knows it as what every calling device has.
        self._modem: HayesProtocol

        def build(_: CallSession, clock: IReactorTime, report: Report, tap: WireTap) -> HayesProtocol:
            self._modem = HayesProtocol(session, clock, report, tap, sink)
            return self._modem

        super().__init__(settings, opener, session, build, reactor, trace_folder)

    @property
    def capabilities(self) -> Capability:
        """See ``LineDevice``."""
        capabilities = _BASE
        if self._session.has_caller_id:
            capabilities |= Capability.CALLER_ID
        if self._session.has_voice:
            capabilities |= _VOICE
        if self._session.can_record and self._recordings is not None:
            capabilities |= Capability.RECORD
        return capabilities

    @property
    def recordings(self) -> Path | None:
        """See ``LineDevice``."""
        return self._recordings

    def record(self, name: str) -> None:
        """See ``LineDevice``. Only what the modem itself hears: not a call on the handset."""
        checked_file_name(name)
        self._require(Capability.RECORD, Saying.CANNOT_RECORD)
        self._modem.record(name)

    def _cut(self, why: str, kept: bool) -> None:
        # What was kept is a recording all the same.
        cut = DeviceWarns(Said(Saying.RECORDING_CUT, why=why))
        self._report(cut if kept else CommandFailed("record", why))

    def _unable_because(self) -> Saying | None:
        return None if self._session.has_voice else Saying.NO_VOICE
