"""The time of day, from the injected clock, and how it leaves the services."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from twisted.internet.interfaces import IReactorTime


def utc_now(clock: IReactorTime) -> datetime:
    """The present moment, aware, UTC. ``clock`` counts in seconds since the epoch, as the reactor does."""
    return datetime.fromtimestamp(clock.seconds(), UTC)


def iso(moment: datetime | None) -> str | None:
    """``2026-03-02T08:00:00.000Z``: ISO 8601 in UTC with milliseconds, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_bounds(moment: datetime, time_zone: str) -> tuple[datetime, datetime]:
    """First moment of the day of ``moment`` in ``time_zone``, and of the next day, in UTC.

    A day has 23 or 25 hours where clocks are changed, so the end is computed from the calendar.
    """
    zone = ZoneInfo(time_zone)
    today = moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = (today.replace(tzinfo=None) + timedelta(days=1)).replace(tzinfo=zone)
    return today.astimezone(UTC), tomorrow.astimezone(UTC)
