"""Choosing a language, and dates and numbers as its readers write them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.core import Locale, negotiate_locale

LOCALES = ("zh_CN", "en")

PATTERNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "zh_CN": {
            "exact": "y年M月d日 HH:mm:ss", "short": "M月d日 HH:mm", "day": "y年M月d日", "clock": "HH:mm",
            "second": "HH:mm:ss",
        },
        "en": {
            "exact": "MMM d, y, HH:mm:ss", "short": "MMM d, HH:mm", "day": "MMM d, y", "clock": "HH:mm",
            "second": "HH:mm:ss",
        },
    }
)  # fmt: skip
"""How moments are written, by the server and by the scripts of its pages (``format.js``): patterns of Unicode's date
fields (UTS #35, part 4), of which both know y M MMM d HH mm ss. 24 hours everywhere.
"""
_LONG_AGO = timedelta(days=300)
"""From here on the year matters more than the time of day; scripts use the same."""


def known_locale(name: str) -> str:
    """``name`` as one of ours (``zh-cn`` → ``zh_CN``), or empty."""
    found = negotiate_locale([name.replace("-", "_")], LOCALES, sep="_", aliases={"zh": "zh_CN"}) if name else None
    return found or ""


def accepted_locale(header: str) -> str:
    """The best of ours for an Accept-Language header, or empty."""
    weighed: list[tuple[float, int, str]] = []
    for position, part in enumerate(header[:200].split(",")):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            continue
        weighed.append((-weight, position, tag))
    ordered: Sequence[str] = [tag.split("-")[0] if tag.startswith("zh") else tag for _, _, tag in sorted(weighed)]
    for tag in ordered:
        if found := known_locale(tag):
            return found
    return ""


def moment(value: str | datetime | None) -> datetime | None:
    """A time as services give it (ISO 8601 in UTC, or a datetime) as an aware datetime."""
    if not value:
        return None
    return datetime.fromisoformat(value) if isinstance(value, str) else value


class Formats:
    """Dates, times and numbers for one locale and time zone."""

    def __init__(self, locale: str, time_zone: ZoneInfo) -> None:
        self.locale = locale
        # By its name, Babel would look for the locale's file again with each date.
        self._known = Locale.parse(locale)
        self._zone = time_zone
        self.patterns = PATTERNS[locale]
        # Babel reads its data from files when they are first needed; later the reactor would wait for them.
        now = datetime.now(UTC)
        for show in (self.exact, self.short, self.relative):
            show(now)
        self.short(now - timedelta(days=2))
        self.short(now - timedelta(days=800))
        self.day(now.date())
        self.number(1234.5)
        self.percent(0.5)

    def exact(self, value: str | datetime | None) -> str:
        """Date and time to the second; empty for none."""
        return self._written("exact", moment(value))

    def short(self, value: str | datetime | None) -> str:
        """Today: the time of day. Another day: date and time; long ago the date with its year."""
        when = moment(value)
        if when is None:
            return ""
        if self._is_today(when):
            return self._written("clock", when)
        return self._written("short" if abs(datetime.now(UTC) - when) < _LONG_AGO else "day", when)

    def to_second(self, value: str | datetime | None) -> str:
        """Today: the time of day to the second, 24 hours. Another day: date and time."""
        when = moment(value)
        if when is None:
            return ""
        return self._written("second" if self._is_today(when) else "exact", when)

    def relative(self, value: str | datetime | None) -> str:
        """How long ago, in words."""
        when = moment(value)
        if when is None:
            return ""
        return dates.format_timedelta(when - datetime.now(UTC), add_direction=True, locale=self._known)

    def day(self, value: str | date | None) -> str:
        """A date without time."""
        if not value:
            return ""
        when = date.fromisoformat(value[:10]) if isinstance(value, str) else value
        return dates.format_date(when, self.patterns["day"], locale=self._known)

    def clock(self, value: str | datetime | None) -> str:
        """The time of day to the minute, 24 hours."""
        return self._written("clock", moment(value))

    def _is_today(self, when: datetime) -> bool:
        return when.astimezone(self._zone).date() == datetime.now(UTC).astimezone(self._zone).date()

    def _written(self, pattern: str, when: datetime | None) -> str:
        if when is None:
            return ""
        return dates.format_datetime(when, self.patterns[pattern], tzinfo=self._zone, locale=self._known)

    def percent(self, value: float | None) -> str:
        """A share of 0 to 1 as ``83.3%``."""
        return "" if value is None else numbers.format_percent(value, "#,##0.#%", locale=self._known)

    def duration(self, seconds: float | None) -> str:
        """``h:mm:ss`` or ``m:ss``."""
        if seconds is None:
            return ""
        total = int(timedelta(seconds=seconds).total_seconds())
        hours, rest = divmod(total, 3600)
        minutes, left = divmod(rest, 60)
        return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"

    def yuan(self, thousandths: int | None) -> str:
        """A price in yuan, to the thousandth where it has one: ``0.045``, ``12.30``. Scripts write the same."""
        return "" if thousandths is None else re.sub(r"0\Z", "", f"{thousandths / 1000:.3f}")

    def number(self, value: float | None) -> str:
        """A number with the locale's separators."""
        return "" if value is None else numbers.format_decimal(value, locale=self._known)
