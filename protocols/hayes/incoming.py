"""One incoming call as the modem shows it: rings, caller id, and the silence that ends it."""

from __future__ import annotations

from protocols.dtmf_caller_id.codec import DtmfCallerId
from protocols.dtmf_caller_id.collector import DtmfCollector
from protocols.hayes.caller_id import CallerId
from protocols.hayes.messages import CallerIdField
from protocols.hayes.settings import HayesTimings
from protocols.signals import CallerIdentified, LineSignal, NumberlessCalls, Rang, RingingStopped


class IncomingCalls:
    """Follows calls one after another. Methods return what to report.

    Caller id may come before the first ring, between rings, late or never; the end of ringing is told by
    nothing but the absence of rings.
    """

    def __init__(self, timings: HayesTimings, numberless_alarm_after: int) -> None:
        self._timings = timings
        self._alarm_after = numberless_alarm_after
        self._numberless = 0
        self._keys = DtmfCollector()
        self.active = False
        self._clear()

    def _clear(self) -> None:
        self._caller = CallerId()
        self._reported: CallerIdentified | None = None
        self._rings = 0
        self._last_ring: float | None = None
        self._last_was_ring = False
        self._quiet_at = 0.0
        self._keys.forget()

    def ring(self, now: float, cadence: str = "", *, report: bool = False) -> list[LineSignal]:
        """``RING`` came, or with ``report`` another sign of the same: DLE ring or a cadence line."""
        self.active = True
        self._quiet_at = now + self._timings.ring_stop
        apart = self._timings.ring_merge
        if report or not self._last_was_ring:
            apart = self._timings.ring_report
        if self._last_ring is not None and now - self._last_ring < apart:
            return []
        self._last_ring, self._last_was_ring = now, not report
        self._rings += 1
        self._take_keys(self._keys.rang(now), now)
        return [Rang(cadence)]

    def caller_id(self, message: CallerIdField, now: float) -> list[LineSignal]:
        """A caller-id line came. A second number after further rings is a second call."""
        before = self._caller
        after = before.with_field(message)
        if after == before:
            return []
        if before.number and after.number != before.number and self._rings > 1:
            ended = [*self.flush(), RingingStopped(), *self._finish()]
            self._caller = CallerId().with_field(message)
            return ended + self.ring(now)
        self._take(after, now)
        return []

    def damaged(self, now: float) -> None:
        """The modem received caller id with a wrong checksum."""
        self._take(self._caller.damaged(), now)

    def key(self, key: str, now: float) -> None:
        """A key was heard on the idle or ringing line: some exchanges send caller id that way."""
        self._take_keys(self._keys.key(key, now, ringing=self.active), now)

    def _take_keys(self, caller: DtmfCallerId | None, now: float) -> None:
        if caller is not None and not self._caller.received:
            self._take(self._caller.with_keys(caller), now)

    def _take(self, caller: CallerId, now: float) -> None:
        self._caller = caller
        if not self.active:
            self.active = True
            self._quiet_at = now + self._timings.ring_stop

    def flush(self) -> list[LineSignal]:
        """Caller id as far as known, if that changed since it was last reported."""
        if not self._caller.received or self._caller.signal() == self._reported:
            return []
        self._reported = self._caller.signal()
        return [self._reported]

    def taken(self) -> list[LineSignal]:
        """The call was answered, by whomever."""
        return self.flush() + self._finish()

    def tick(self, now: float) -> list[LineSignal]:
        """Read keys that nothing followed; end the call if it has been quiet for long enough."""
        self._take_keys(self._keys.tick(now, ringing=self.active), now)
        if not self.active or now < self._quiet_at:
            return self.flush()
        return [*self.flush(), RingingStopped(), *self._finish()]

    def deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        quiet_at = self._quiet_at if self.active else None
        return min((time for time in (quiet_at, self._keys.deadline()) if time is not None), default=None)

    def forget(self) -> None:
        """The line is lost: whatever was ringing is no longer known."""
        self.active = False
        self._clear()

    def _finish(self) -> list[LineSignal]:
        numberless = self.active and not self._caller.received
        self.forget()
        self._numberless = self._numberless + 1 if numberless else 0
        if numberless and self._numberless % self._alarm_after == 0:
            return [NumberlessCalls(self._numberless)]
        return []
