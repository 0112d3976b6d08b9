"""The time of day, from the injected clock, and how it leaves the services."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from twisted.internet.interfaces import IReactorTime

from protocols.clocks import wall_seconds


def utc_now(clock: IReactorTime) -> datetime:
    """The present moment, aware, UTC, as the clock on the wall shows it: what is written down and shown.

    It may be set at any time. How long something lasts here is measured by ``clock.seconds()``, which is steady.
    """
    return datetime.fromtimestamp(wall_seconds(clock), UTC)


def iso(moment: datetime | None) -> str | None:
    """``2026-03-02T08:00:00.000Z``: ISO 8601 in UTC with milliseconds, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_told_as(moment: datetime, told: datetime) -> bool:
    """Whether ``told`` is what ``iso`` makes of ``moment``, which is in whole milliseconds, cut off."""
    return timedelta() <= moment - told < timedelta(milliseconds=1)


def day_bounds(moment: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """First moment of the day of ``moment`` in ``time_zone``, and of the next day, in UTC.

    A day has 23 or 25 hours where clocks are changed, so the end is computed from the calendar.
    """
    zone = ZoneInfo(time_zone)
    today = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = (today.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return today.astimezone(UTC), tomorrow.astimezone(UTC)


def midnight(day: date, time_zone: str) -> datetime:
    """The first moment of a day of the hospital, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(time_zone)).astimezone(UTC)


def offsets(start: datetime, end: datetime, time_zone: str) -> list[tuple[datetime, int]]:
    """From when on the clock on the wall is how many seconds ahead of UTC, from ``start`` to ``end``.

    Clocks are changed on quarters of an hour.
    """
    zone = ZoneInfo(time_zone)
    found = [(start, _ahead(start, zone))]
    day = start
    while day < end:
        next_day = min(day + timedelta(days=1), end)
        if _ahead(next_day, zone) != found[-1][1]:
            moment = _quarter(day)
            while moment < next_day:
                moment += _QUARTER
                if (ahead := _ahead(moment, zone)) != found[-1][1]:
                    found.append((moment, ahead))
        day = next_day
    return [one for one in found if one[0] < end or one is found[0]]


def slots(start: datetime, end: datetime, time_zone: str, pattern: str) -> list[tuple[datetime, str]]:
    """The stretches between two moments in which ``strftime(pattern)`` of the clock on the wall stays the same.

    Each with its first moment, in order. ``pattern`` tells days or hours, ``%Y-%m-%d`` or ``%Y-%m-%d %H``.
    """
    zone = ZoneInfo(time_zone)
    found: list[tuple[datetime, str]] = []
    moment = start
    while moment < end:
        text = moment.astimezone(zone).strftime(pattern)
        if not found or found[-1][1] != text:
            found.append((moment, text))
        moment = _quarter(moment) + _QUARTER
    return found


_QUARTER = timedelta(minutes=15)


def _quarter(moment: datetime) -> datetime:
    """The quarter of an hour in which ``moment`` is."""
    return moment - timedelta(seconds=moment.timestamp() % _QUARTER.total_seconds())


def _ahead(moment: datetime, zone: ZoneInfo) -> int:
    ahead = moment.astimezone(zone).utcoffset()
    return 0 if ahead is None else int(ahead.total_seconds())
