"""When a call task comes again, and when it does not: pure rules, the same for all who make tasks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class TaskState(StrEnum):
    """The state of a task, as stored."""

    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"
    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ACTIVE = (TaskState.OPEN.value, TaskState.CLAIMED.value)


class Reason(StrEnum):
    """Why a task is not called, or not now."""

    DO_NOT_CALL = "do_not_call"
    NO_NUMBER = "no_number"
    ATTEMPTS = "attempts"
    OUTCOME = "outcome"
    TOO_LATE = "too_late"
    SKIPPED = "skipped"


class TaskEffect(StrEnum):
    """What an outcome does to a task."""

    DONE = "done"
    RETRY = "retry"
    AT_TIME = "at_time"
    GIVE_UP = "give_up"


@dataclass(frozen=True)
class OutcomeRule:
    """``effect`` of an outcome; a retry comes after ``minutes``, and none after ``most`` attempts (0: always)."""

    effect: TaskEffect
    minutes: int = 0
    most: int = 0


@dataclass(frozen=True)
class Hours:
    """Between which times of day patients are called, in minutes after midnight of ``zone``: from 0 up to 1440."""

    earliest: int
    latest: int
    zone: ZoneInfo

    def contain(self, moment: datetime) -> bool:
        """Whether patients may be called at ``moment``."""
        local = moment.astimezone(self.zone)
        return self.earliest <= local.hour * 60 + local.minute < self.latest

    def first(self, moment: datetime) -> datetime:
        """``moment`` itself within the hours, else the next time at which they begin; in UTC."""
        if self.contain(moment):
            return moment.astimezone(UTC)
        local = moment.astimezone(self.zone)
        later = local.hour * 60 + local.minute >= self.latest
        begin = time(self.earliest // 60, self.earliest % 60)
        return datetime.combine(local.date() + timedelta(days=later), begin, self.zone).astimezone(UTC)


@dataclass(frozen=True)
class Verdict:
    """What a task is from now on; ``next_at`` is None where it does not come again."""

    state: TaskState
    next_at: datetime | None = None
    reason: str = ""


def decide(
    rule: OutcomeRule, attempts: int, at: datetime, agreed: datetime | None, due_until: datetime | None, hours: Hours
) -> Verdict:
    """What becomes of a task whose ``attempts``-th attempt was wrapped up at ``at``.

    ``agreed`` is the time that the wrap-up says to call back at. It counts for every outcome after which the task comes
    again, and no number of attempts forbids it: the patient asked for it.
    """
    if rule.effect is TaskEffect.DONE:
        return Verdict(TaskState.DONE)
    if rule.effect is TaskEffect.GIVE_UP:
        return Verdict(TaskState.GIVEN_UP, reason=Reason.OUTCOME)
    if agreed is None and rule.most and attempts >= rule.most:
        return Verdict(TaskState.GIVEN_UP, reason=Reason.ATTEMPTS)
    return schedule(max(agreed, at) if agreed is not None else at + timedelta(minutes=rule.minutes), due_until, hours)


def schedule(wanted: datetime, due_until: datetime | None, hours: Hours) -> Verdict:
    """Open for ``wanted``, or for the first time after it at which patients are called; expired if that is too late."""
    next_at = hours.first(wanted)
    if due_until is not None and next_at >= due_until:
        return Verdict(TaskState.EXPIRED, reason=Reason.TOO_LATE)
    return Verdict(TaskState.OPEN, next_at)
