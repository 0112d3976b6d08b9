"""The calls of one line: records of its box in, line signals out, whatever the network loses, repeats or delays.

For an incoming call a full-featured unit may send ``R`` at the first ring, ``I S`` with the caller, ``F`` and ``N``
when the telephone is lifted and replaced, ``I E`` with the duration. A basic unit sends ``I S`` and nothing else.

- Whether a call was answered is told by the hook; by the duration only on a line that sends nothing of its hook.
- An end whose call was never heard of is a call all the same, told late.
- ``N`` comes right before the end record: if the start got lost, the end is waited for, as it has the number.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from protocols.signals import (
    AbsentReason,
    Answered,
    CallerIdentified,
    Certainty,
    HandsetDialled,
    HandsetLifted,
    HandsetReplaced,
    LineSignal,
    Rang,
    RingingStopped,
)
from protocols.whozz.messages import CallRecord, Detail, DetailKind, Record
from protocols.whozz.settings import RecordTimings

_REMEMBERED = 8

Signals = list[LineSignal]


@dataclass(frozen=True)
class _Call:
    """The present call. ``record`` is None until its start was told; ``answered`` only once that was reported."""

    incoming: bool
    record: CallRecord | None = None
    answered: bool = False


class LineCalls:
    """Follows the calls of one line. ``sees_hook``: the unit sends details; ``sees_end``: it sends end records."""

    def __init__(self, timings: RecordTimings) -> None:
        self._timings = timings
        self._recent: deque[tuple[Record, float]] = deque(maxlen=2 * _REMEMBERED)
        self._over: deque[tuple[bool, str, str]] = deque(maxlen=_REMEMBERED)
        self.sees_hook = self.sees_end = False
        self.forget()
        self._details: dict[DetailKind, Callable[[float], Signals]] = {
            DetailKind.RING: self._rang,
            DetailKind.OFF_HOOK: self._lift,
            DetailKind.ON_HOOK: self._replace,
            DetailKind.FLASH: lambda _: [],
        }
        self._handlers: dict[type[Record], Callable[[Any, float], Signals]] = {
            Detail: self._detail,
            CallRecord: self._record,
        }

    def forget(self) -> None:
        """The box is lost, and with it what is known of its line."""
        self._call: _Call | None = None
        self._lifted = self._hung_up = False
        self._due: float | None = None

    def hear(self, record: Record, now: float) -> Signals:
        """The box sent ``record`` for this line."""
        while self._recent and now - self._recent[0][1] > self._timings.repeat:
            self._recent.popleft()
        if any(record == before for before, _ in self._recent):
            return []
        self._recent.append((record, now))
        return self._handlers[type(record)](record, now)

    def deadline(self) -> float | None:
        """When ``tick`` is next needed."""
        return self._due

    def tick(self, now: float) -> Signals:
        """What was waited for did not come."""
        if self._due is None or now < self._due:
            return []
        self._due = None
        if self._call is not None and not self._hung_up:
            if not self._call.incoming:
                return self._presume_answered()
            if self.sees_end and not self.sees_hook:
                # Nobody is let ring for so long: it was answered, and the end will be told.
                return self._lift(now)
        return self._clear()

    def _clear(self) -> Signals:
        """Whatever was on the line is over."""
        lifted, call = self._lifted, self._call
        self._finish()
        if lifted:
            return [HandsetReplaced()]
        return [RingingStopped()] if call is not None else []

    def _finish(self) -> None:
        if self._call is not None and self._call.record is not None:
            self._over.append(self._call.record.identity)
        self.forget()

    # Details.

    def _detail(self, detail: Detail, now: float) -> Signals:
        self.sees_hook = True
        return self._details[detail.kind](now)

    def _rang(self, now: float) -> Signals:
        before = self._clear() if self._hung_up else []
        if self._lifted:
            # A line that rings is on hook. When the call before ended, nobody knows.
            self._finish()
        self._call = self._call or _Call(incoming=True)
        self._wait_for_more(now)
        return [*before, Rang()]

    def _lift(self, _: float) -> Signals:
        before = self._clear() if self._hung_up else []
        if self._lifted:
            return []
        self._lifted, self._due = True, None
        if self._call is not None:
            self._call = replace(self._call, answered=True)
        return [*before, HandsetLifted()]

    def _replace(self, now: float) -> Signals:
        if not self._lifted:
            # Of a call whose lifting got lost the end will tell.
            return []
        if self._call is not None and self._call.record is not None:
            return self._clear()
        self._hung_up, self._due = True, now + self._timings.end_follows
        return []

    # Starts.

    def _record(self, record: CallRecord, now: float) -> Signals:
        if record.ended:
            self.sees_end = True
            return self._ended(record)
        before = self._clear() if self._hung_up else []
        return before + (self._caller(record, now) if record.incoming else self._dialled(record, now))

    def _caller(self, record: CallRecord, now: float) -> Signals:
        call, before = self._call, []
        if call is not None and self._lifted:
            if call.incoming and call.record is None:
                # Lifted between the first ring and the caller id.
                self._call = replace(call, record=record)
                return [caller_of(record, present=True)]
            if self.sees_hook:
                # Somebody else calls during the conversation.
                return [caller_of(record)]
            before = self._clear()
        self._call = _Call(incoming=True, record=record, answered=self._lifted)
        if self._lifted:
            return [caller_of(record), HandsetLifted()]
        self._wait_for_more(now)
        return [*before, caller_of(record)]

    def _dialled(self, record: CallRecord, now: float) -> Signals:
        before = self._clear() if self._call is not None else []
        lifted = [] if self._lifted else [HandsetLifted()]
        self._call, self._lifted = _Call(incoming=False, record=record), True
        self._due = now + self._timings.presumed_answered
        return [*before, *lifted, HandsetDialled(record.number)]

    def _presume_answered(self, age: float = 0.0) -> Signals:
        if self._call is not None:
            self._call = replace(self._call, answered=True)
        return [Answered(Certainty.PRESUMED, age=age)]

    def _wait_for_more(self, now: float) -> None:
        tells_more = self.sees_hook or self.sees_end
        self._due = now + (self._timings.end_lost if tells_more else self._timings.ring_stop)

    # Ends.

    def _ended(self, record: CallRecord) -> Signals:
        if self._is_its_end(record):
            told = self._end_of_present(record)
        elif record.identity in self._over or self._call is not None:
            # Told already when the telephone was replaced; or of a call before the present one.
            return []
        else:
            told = self._late(record)
        self._finish()
        self._over.append(record.identity)
        return told

    def _is_its_end(self, record: CallRecord) -> bool:
        call = self._call
        if call is None or call.incoming != record.incoming:
            return False
        start = call.record
        return start is None or start.when == record.when or start.number == record.number

    def _end_of_present(self, record: CallRecord) -> Signals:
        call = self._call
        assert call is not None  # noqa: S101 - the caller has looked
        told: Signals = []
        if record.incoming and call.record is None:
            told.append(caller_of(record, present=True))
        if not record.incoming and not call.answered and self._lasted(record):
            told += self._presume_answered()
        if self._lifted:
            return [*told, HandsetReplaced()]
        if self._proves_answer(record):
            return [*told, HandsetLifted(age=float(record.seconds)), HandsetReplaced()]
        return [*told, RingingStopped()]

    def _late(self, record: CallRecord) -> Signals:
        """A whole call, told at its end."""
        age = float(record.seconds)
        if not record.incoming:
            answered = self._presume_answered(age) if self._lasted(record) else []
            return [HandsetLifted(age=age), HandsetDialled(record.number, age=age), *answered, HandsetReplaced()]
        caller = replace(caller_of(record), age=age)
        if self._lifted or self._proves_answer(record):
            return [caller, HandsetLifted(age=age), HandsetReplaced()]
        return [caller, RingingStopped()]

    def _proves_answer(self, record: CallRecord) -> bool:
        return record.seconds > 0 and not self.sees_hook

    def _lasted(self, record: CallRecord) -> bool:
        return record.seconds >= self._timings.presumed_answered


def caller_of(record: CallRecord, *, present: bool = False) -> CallerIdentified:
    """The caller of an incoming call; ``present`` if it is certainly the call on the line."""
    absent = record.absent if record.number or record.absent else AbsentReason.UNAVAILABLE
    return CallerIdentified(record.number, record.name, absent, record.verified, present=present)
