"""Which message a status report is about: the modem's reference has only 8 bits and comes round soon."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime

from protocols.gsm_modem.messages import StatusReport
from protocols.sms import NameHint

MOST = 20_000
_TAIL = 8
"""Digits from the end by which two ways of writing one number are told to be the same."""
_SAME = 86_400.0
"""Seconds that the service centre's time of a message may differ from ours: clocks and zones are wrong."""


_Key = tuple[int, str]


class SentMessages:
    """Remembers what was sent since the program started, the newest of them at most."""

    def __init__(self) -> None:
        self._times: dict[_Key, deque[float]] = {}
        self._order: deque[_Key] = deque()

    def add(self, reference: int, number: str, at: float) -> str:
        """A message was sent ``at`` seconds since 1970; returns its gateway id."""
        key = (reference, _tail(number))
        self._times.setdefault(key, deque()).append(at)
        self._order.append(key)
        if len(self._order) > MOST:
            self._forget(self._order.popleft())
        return _gateway_id(reference, at)

    def gateway_id(self, report: StatusReport) -> tuple[str, NameHint | None]:
        """The id of the message that ``report`` is about: of those with its reference and number, the one whose time is
        nearest. One that is not remembered gets an id from the time that the service centre gives, the same each time,
        which is not the one that it got when it was sent: that was made of our time, and is hinted at.
        """
        at = None if report.sent_at is None else report.sent_at.timestamp()
        alike = self._times.get((report.reference, _tail(report.number)), ())
        if at is None:
            return _gateway_id(report.reference, alike[-1]) if alike else "", None
        near = min(alike, key=lambda sent: abs(sent - at), default=None)
        if near is not None and abs(near - at) < _SAME:
            return _gateway_id(report.reference, near), None
        return _gateway_id(report.reference, at), NameHint(_ending(report.reference), datetime.fromtimestamp(at, UTC))

    def _forget(self, key: _Key) -> None:
        times = self._times[key]
        times.popleft()
        if not times:
            del self._times[key]


def _gateway_id(reference: int, at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d%H%M%S}{_ending(reference)}"


def _ending(reference: int) -> str:
    return f"-{reference:03}"


def _tail(number: str) -> str:
    return number[-_TAIL:]
