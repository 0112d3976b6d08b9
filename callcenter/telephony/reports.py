"""Reports: the figures of the wallboard over any days, by day, hour of the day, group, line or agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import midnight, slots
from callcenter.errors import InvalidError
from callcenter.telephony.local_slots import Calendar, hours
from callcenter.telephony.scope import agent_scope_clause, scope_clause
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.totals import NOTHING, CallTotals, load_totals
from callcenter.telephony.work_times import NO_WORK, WorkTime, work_by, work_by_slot
from callcenter.text import N_, Text
from storage.models import AgentStateSpan, CallRecord, Department, PhoneLine, UserAccount
from storage.queries.terms import pinyin_of

Key = ColumnElement[Any] | InstrumentedAttribute[Any]

MOST_DAYS = 366
NOBODY = 0
"""Stands for no group or no agent where an id is asked for."""


class By(StrEnum):
    """What the rows of a report are."""

    DAY = "day"
    HOUR = "hour"
    """The hour of the day, all days together."""
    GROUP = "group"
    LINE = "line"
    AGENT = "agent"


@dataclass(frozen=True)
class ReportFilter:
    """Days of the hospital, both inclusive, and whose calls; ``NOBODY`` asks for those of no group or agent."""

    from_day: date
    to_day: date
    by: By = By.DAY
    department_id: int | None = None
    line_id: int | None = None
    agent_id: int | None = None


@dataclass(frozen=True)
class _Task:
    """One report while it is made: ``stop`` is its end, or now."""

    session: Session
    principal: Principal
    permission: str
    settings: TelephonySettings
    wanted: ReportFilter
    start: datetime
    end: datetime
    now: datetime

    @property
    def stop(self) -> datetime:
        return max(self.start, min(self.end, self.now))

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.start, self.end, self.settings.time_zone)

    def calls(self, key: Key) -> dict[Any, CallTotals]:
        """The totals of the calls for each value of ``key``."""
        wanted = self.wanted
        where = [
            CallRecord.started_at >= self.start,
            CallRecord.started_at < self.end,
            scope_clause(self.principal, self.permission),
            *_equal(CallRecord.department_id, wanted.department_id),
            *_equal(CallRecord.line_id, wanted.line_id),
            *_equal(CallRecord.agent_id, wanted.agent_id),
        ]
        return load_totals(self.session, where, self.settings, self.now, key)

    def work_by(self, key: InstrumentedAttribute[Any]) -> dict[Any, WorkTime]:
        """The time worked, for each value of a column of agents; none where a line is asked for: it has no agents."""
        if self.wanted.line_id is not None:
            return {}
        return work_by(self.session, key, self._agents(), self.start, self.stop)

    def work_by_slot(self, pattern: str, text: Callable[[Any], ColumnElement[str]]) -> dict[str, WorkTime]:
        """The time worked in each hour of a day, or each day."""
        if self.wanted.line_id is not None or self.stop <= self.start:
            return {}
        boundaries = slots(self.start, self.stop, self.settings.time_zone, pattern)
        slot = (text(AgentStateSpan.started_at), text(AgentStateSpan.ended_at))
        return work_by_slot(self.session, slot, boundaries, self._agents(), self.start, self.stop)

    def _agents(self) -> list[ColumnElement[bool]]:
        return [
            agent_scope_clause(self.principal, self.permission),
            *_equal(UserAccount.department_id, self.wanted.department_id),
            *_equal(UserAccount.id, self.wanted.agent_id),
        ]


Row = tuple[Any, str, CallTotals, WorkTime]
"""Key, name (empty where the key says it), totals of calls, time worked."""


def load_report(
    session: Session,
    principal: Principal,
    settings: TelephonySettings,
    wanted: ReportFilter,
    now: datetime,
    permission: str = "reports.view",
) -> dict[str, Any]:
    """The report as JSON data: ``rows`` with a ``key`` each, and the ``total`` of them all.

    Only what the data scope of ``permission`` reaches is counted. Shares are 0 to 1, times are seconds; a figure of
    nothing is None. Raises InvalidError for days that end before they begin or are more than 366.
    """
    _check_days(wanted)
    start = midnight(wanted.from_day, settings.time_zone)
    end = midnight(wanted.to_day + timedelta(days=1), settings.time_zone)
    task = _Task(session, principal, permission, settings, wanted, start, end, now)
    rows = _MAKERS[wanted.by](task)
    whole = sum((calls for _, _, calls, _ in rows), NOTHING)
    work = sum((worked for _, _, _, worked in rows), NO_WORK)
    return {
        "from_day": wanted.from_day.isoformat(),
        "to_day": wanted.to_day.isoformat(),
        "time_zone": settings.time_zone,
        "by": wanted.by.value,
        "service_level_seconds": settings.service_level_seconds,
        "short_abandon_seconds": settings.short_abandon_seconds,
        "rows": [{"key": key, "name": name} | figures_of(calls, worked) for key, name, calls, worked in rows],
        "total": figures_of(whole, work),
    }


def load_groups(session: Session, principal: Principal) -> list[dict[str, Any]]:
    """The departments that lines belong to, by name; with less than all in reach, one's own only."""
    reach = principal.require("reports.view")
    lines = select(PhoneLine.department_id).where(PhoneLine.department_id.is_not(None))
    known = select(Department.id, Department.name).where(Department.id.in_(lines))
    if reach is not Scope.ALL:
        known = known.where(Department.id == principal.department_id)
    found = [{"id": key, "name": name} for key, name in session.execute(known)]
    return sorted(found, key=lambda one: (pinyin_of(one["name"]), one["id"]))


def figures_of(calls: CallTotals, work: WorkTime) -> dict[str, Any]:
    """Counts, sums, and the figures made of them by the definitions of the wallboard."""
    return asdict(calls) | {
        "handling": work.handling,
        "available": work.available,
        "service_level": _ratio(calls.in_time, calls.offered),
        "average_speed_of_answer": _ratio(calls.waited, calls.answered),
        "abandon_share": _ratio(calls.lost, calls.offered),
        "average_handling_time": _ratio(calls.talked + calls.wrapped, calls.handled),
        "occupancy": work.occupancy,
    }


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _check_days(wanted: ReportFilter) -> None:
    if wanted.to_day < wanted.from_day:
        message: str = N_("The last day must not be before the first.")
        raise InvalidError(message, {"to_day": message})
    if (wanted.to_day - wanted.from_day).days >= MOST_DAYS:
        message = Text(N_("At most {most} days at once."), most=MOST_DAYS)
        raise InvalidError(message, {"to_day": message})


def _equal(column: InstrumentedAttribute[Any], value: int | None) -> list[ColumnElement[bool]]:
    if value is None:
        return []
    return [column.is_(None) if value == NOBODY else column == value]


def _by_day(task: _Task) -> list[Row]:
    calls = task.calls(task.calendar.day(CallRecord.started_at))
    work = task.work_by_slot("%Y-%m-%d", task.calendar.day)
    days = (task.wanted.to_day - task.wanted.from_day).days + 1
    keys = [(task.wanted.from_day + timedelta(days=number)).isoformat() for number in range(days)]
    return [(key, "", calls.get(key, NOTHING), work.get(key, NO_WORK)) for key in keys]


def _by_hour(task: _Task) -> list[Row]:
    calls = task.calls(task.calendar.hour(CallRecord.started_at))
    work: dict[str, WorkTime] = {}
    for slot, worked in task.work_by_slot("%Y-%m-%d %H", task.calendar.day_hour).items():
        hour = slot[-2:]
        work[hour] = work.get(hour, NO_WORK) + worked
    return [(int(key), "", calls.get(key, NOTHING), work.get(key, NO_WORK)) for key in hours()]


def _by_group(task: _Task) -> list[Row]:
    names = _names(task.session, Department.id, Department.name)
    return _named(task.calls(CallRecord.department_id), task.work_by(UserAccount.department_id), names)


def _by_line(task: _Task) -> list[Row]:
    return _named(task.calls(CallRecord.line_id), {}, _names(task.session, PhoneLine.id, PhoneLine.name))


def _by_agent(task: _Task) -> list[Row]:
    names = _names(task.session, UserAccount.id, UserAccount.display_name)
    return _named(task.calls(CallRecord.agent_id), task.work_by(UserAccount.id), names)


def _named(calls: Mapping[Any, CallTotals], work: Mapping[Any, WorkTime], names: Mapping[int, str]) -> list[Row]:
    """In the order of the names, Chinese ones as they are read; nobody comes last, as ``NOBODY``."""
    ids = sorted({*calls, *work} - {None}, key=lambda one: (pinyin_of(names.get(one, "")), one))
    rows: list[Row] = [(one, names.get(one, ""), calls.get(one, NOTHING), work.get(one, NO_WORK)) for one in ids]
    if None in calls or None in work:
        rows.append((NOBODY, "", calls.get(None, NOTHING), work.get(None, NO_WORK)))
    return rows


def _names(session: Session, key: InstrumentedAttribute[int], name: InstrumentedAttribute[str]) -> dict[int, str]:
    return {number: text for number, text in session.execute(select(key, name))}  # noqa: C416 - a row is no pair to mypy


_MAKERS: Mapping[By, Callable[[_Task], list[Row]]] = MappingProxyType(
    {By.DAY: _by_day, By.HOUR: _by_hour, By.GROUP: _by_group, By.LINE: _by_line, By.AGENT: _by_agent}
)
