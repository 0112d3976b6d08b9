"""What a list of calls can be narrowed to, as it stands in an address: the same for API, page and export."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.telephony.calls import CallFilter
from web.api.models import Id
from web.parsing import Day, Input, Moment, NumberPart

Word = Annotated[str, Field(max_length=30)]
Seconds = Annotated[float, Field(ge=0, le=1_000_000)]
IdOrNobody = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""An id, or 0 for none."""
CountedWord = Literal[
    "incoming",
    "outgoing",
    "answered",
    "in_time",
    "abandoned",
    "short_abandoned",
    "lost",
    "offered",
    "missed",
    "handled",
]


class CallLimits(Input):
    """``since`` and ``until`` are moments with a zone; ``from_day`` and ``to_day`` days of the hospital, inclusive.

    ``sort`` is a column's name, with ``-`` before it to turn it round. ``counted`` asks for the calls that a figure of
    the reports counts, ``hour`` for those of an hour of the day. 0 as agent or department asks for those of none.
    """

    since: Moment | None = None
    until: Moment | None = None
    from_day: Day | None = None
    to_day: Day | None = None
    direction: Literal["in", "out"] | None = None
    number: NumberPart | None = None
    patient_id: Id | None = None
    agent_id: IdOrNobody | None = None
    department_id: IdOrNobody | None = None
    line_id: Id | None = None
    outcome: Word | None = None
    state: Literal["ringing", "dialling", "talking", "ended"] | None = None
    wrap_up: Literal["", "open", "done"] | None = None
    missed: bool | None = None
    sort: Word = ""
    shortest: Seconds | None = None
    longest: Seconds | None = None
    counted: CountedWord | None = None
    hour: Annotated[int, Field(ge=0, le=23)] | None = None
    recorded: bool | None = None


def call_filter(limits: CallLimits, zone: ZoneInfo) -> CallFilter:
    """The filter for telephony; ``zone`` is the hospital's."""
    return CallFilter(
        since=limits.since or midnight(limits.from_day, zone),
        until=limits.until or midnight(limits.to_day, zone, days_later=1),
        direction=limits.direction,
        number=limits.number or None,
        patient_id=limits.patient_id,
        agent_id=limits.agent_id,
        line_id=limits.line_id,
        outcome=limits.outcome,
        state=limits.state,
        wrap_up=limits.wrap_up,
        missed=limits.missed,
        shortest=limits.shortest,
        longest=limits.longest,
        department_id=limits.department_id,
        counted=limits.counted,
        hour=limits.hour,
        recorded=limits.recorded,
    )


def midnight(day: date | None, zone: ZoneInfo, *, days_later: int = 0) -> datetime | None:
    """The moment at which a day of the hospital begins, None for none."""
    return None if day is None else datetime.combine(day + timedelta(days=days_later), time(), zone)
