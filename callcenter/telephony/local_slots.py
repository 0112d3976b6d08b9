"""Hours and days of the hospital as conditions and keys of statements, right where clocks are changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case
from sqlalchemy.orm import InstrumentedAttribute

from callcenter.clock import offsets
from storage.queries.local_time import local_day, local_day_hour, local_hour


class Calendar:
    """The clock on the wall of the hospital between two moments."""

    def __init__(self, start: datetime, end: datetime, time_zone: str) -> None:
        self._offsets = offsets(start, end, time_zone)

    def day(self, moment: InstrumentedAttribute[Any]) -> ColumnElement[str]:
        """``2026-03-02`` for a moment within."""
        return self._local(moment, local_day)

    def hour(self, moment: InstrumentedAttribute[Any]) -> ColumnElement[str]:
        """``08``: the hour of the day; the hour that a day has twice is one."""
        return self._local(moment, local_hour)

    def day_hour(self, moment: InstrumentedAttribute[Any]) -> ColumnElement[str]:
        """``2026-03-02 08``."""
        return self._local(moment, local_day_hour)

    def _local(self, moment: InstrumentedAttribute[Any], text: Any) -> ColumnElement[str]:
        *earlier, (_, last) = self._offsets
        if not earlier:
            shown: ColumnElement[str] = text(moment, last)
            return shown
        ends = [begins for begins, _ in self._offsets[1:]]
        whens = [(moment < end, text(moment, ahead)) for end, (_, ahead) in zip(ends, earlier, strict=True)]
        return case(*whens, else_=text(moment, last))


def hour_text(hour: int) -> str:
    """The hour of a day as ``Calendar.hour`` gives it."""
    return f"{hour:02}"


def hours() -> Sequence[str]:
    """All hours of a day."""
    return [hour_text(hour) for hour in range(24)]
