"""Whether the far end of a dialled call answered: what the modem says, and what its silence means."""

from __future__ import annotations

from protocols.hayes.messages import Event, Result
from protocols.hayes.settings import HayesTimings
from protocols.signals import Answered, Certainty, DialFailed, DialFailure, FarEndRinging, LineSignal

_FAILURES = {
    Result.BUSY: DialFailure.BUSY,
    Result.NO_ANSWER: DialFailure.NO_ANSWER,
    Result.NO_CARRIER: DialFailure.NO_CARRIER,
    Result.NO_DIAL_TONE: DialFailure.NO_DIAL_TONE,
    Result.ERROR: DialFailure.REJECTED,
}
_EVENT_FAILURES = {
    Event.BUSY: DialFailure.BUSY,
    Event.SPECIAL_INFORMATION_TONE: DialFailure.REJECTED,
}


class OutgoingCall:
    """One dialled call until it is answered or fails. Methods return what to report.

    An analog line does not say that the far end answered; a voice modem guesses from the ringback. So VCON,
    VOICE, and OK followed by enough silence are ``PRESUMED``; only a far modem's carrier or tone is ``SURE``.
    A detected voice proves nothing: ringback may be music.
    """

    def __init__(self, timings: HayesTimings, now: float) -> None:
        self._timings = timings
        self._give_up_at = now + timings.dial
        self._ringing = False
        self._dialled = False
        self._presume_at: float | None = None

    def result(self, result: Result, now: float) -> list[LineSignal]:
        """A result code of the dial command, or one that followed it."""
        if result in _FAILURES:
            return [DialFailed(_FAILURES[result])]
        if result is Result.CONNECT:
            return [Answered(Certainty.SURE)]
        if result in (Result.VOICE_CONNECT, Result.VOICE):
            return [Answered(Certainty.PRESUMED)]
        if result is Result.RINGING:
            return self._ringback(now)
        # OK: dialled; from here on the modem tells by events, or not at all.
        self._dialled = True
        self._wait(now)
        return []

    def event(self, event: Event, now: float) -> list[LineSignal]:
        """A DLE event while the call is being set up."""
        if event in _EVENT_FAILURES:
            return [DialFailed(_EVENT_FAILURES[event])]
        if event is Event.RINGBACK:
            return self._ringback(now)
        if event is Event.ANSWER_TONE:
            return [Answered(Certainty.SURE)]
        if event is Event.POLARITY_REVERSAL and self._ringing:
            # Many Chinese exchanges reverse the loop when the far end answers, but not all do only then.
            return [Answered(Certainty.PRESUMED)]
        return []

    def tick(self, now: float) -> list[LineSignal]:
        """Presume an answer if the ringback has been away, or has not come, for long enough."""
        if self._presume_at is None:
            return []
        if now >= self._give_up_at:
            return [DialFailed(DialFailure.TIMED_OUT)]
        return [Answered(Certainty.PRESUMED)] if now >= self._presume_at else []

    def deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        # Before OK the dial command has its own time limit.
        return None if self._presume_at is None else min(self._presume_at, self._give_up_at)

    def _ringback(self, now: float) -> list[LineSignal]:
        first, self._ringing = not self._ringing, True
        self._wait(now)
        return [FarEndRinging()] if first else []

    def _wait(self, now: float) -> None:
        # While the dial command is unanswered the modem itself is still listening for the end of ringback.
        if self._dialled:
            timings = self._timings
            seconds = timings.presumed_after_ringback if self._ringing else timings.presumed_without_ringback
            self._presume_at = now + seconds
