"""A line with an FSK caller-id receiver: its transmissions are the announcements of a ``MonitorSession``."""

from __future__ import annotations

from protocols.fsk.codec import FskDecoder
from protocols.fsk.messages import CallSetup
from protocols.monitor_session import MonitorSession, MonitorSettings
from protocols.signals import AbsentReason, CallerIdentified


class FskSession(MonitorSession):
    """A ``LineSession`` that only listens."""

    def __init__(self, settings: MonitorSettings) -> None:
        super().__init__(settings, _Callers, "FSK caller-id receiver (listens only)")


class _Callers:
    """The callers in what the receiver heard."""

    def __init__(self) -> None:
        self._decoder = FskDecoder()

    @property
    def partial(self) -> bool:
        return self._decoder.partial

    def feed(self, data: bytes) -> list[CallerIdentified]:
        return [_caller(message) for message in self._decoder.feed(data)]

    def gap(self) -> list[CallerIdentified]:
        return [_caller(message) for message in self._decoder.gap()]


def _caller(message: CallSetup) -> CallerIdentified:
    absent = message.absent if message.number or message.absent else AbsentReason.UNAVAILABLE
    return CallerIdentified(message.number, message.name, absent, verified=message.verified)
