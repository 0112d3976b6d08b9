"""Call records as lists: one filter, one order, for list, missed list and export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.orm import Session

from callcenter.administration.masked_search import by_digits
from callcenter.administration.principal import Principal
from callcenter.errors import InvalidError
from callcenter.paging import page_of_views
from callcenter.recordings.fields import State
from callcenter.telephony.call_orders import call_stretches
from callcenter.telephony.counting import Counted, conditions
from callcenter.telephony.local_slots import Calendar, hour_text
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.settings import TelephonySettings
from callcenter.telephony.views import CallView, calls_statement, load_call_rows
from callcenter.text import N_, Text
from storage.models import CallRecord, CallRecording
from storage.models.base import NO, YES
from storage.queries.paging import Page, Stretch

MAX_LIMIT = 200
BY_DEFAULT = TelephonySettings()
# Where clocks are changed matters between these, for lists of hours that name no days.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_FAR_OFF = datetime(2040, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class CallFilter:
    """What to list; what is None does not matter. An empty text asks for emptiness.

    ``since`` and ``until`` are aware and bound the start, ``until`` exclusive. ``number`` holds digits of it, as
    ``masked_search`` finds them. ``shortest`` and ``longest`` bound the talk time in whole seconds. ``open_missed``:
    missed and not dealt with. ``counted`` asks for what counts as something in figures (``counting.Counted``), ``hour``
    for those that began in that hour of a day at the hospital. ``department_id`` and ``agent_id`` 0 ask for nobody's.
    ``recorded``: whether a recording is kept.
    """

    since: datetime | None = None
    until: datetime | None = None
    direction: str | None = None
    number: str | None = None
    patient_id: int | None = None
    agent_id: int | None = None
    line_id: int | None = None
    outcome: str | None = None
    state: str | None = None
    wrap_up: str | None = None
    missed: bool | None = None
    open_missed: bool = False
    shortest: float | None = None
    longest: float | None = None
    department_id: int | None = None
    counted: str | None = None
    hour: int | None = None
    recorded: bool | None = None


EVERYTHING = CallFilter()


def list_calls(
    session: Session,
    principal: Principal,
    wanted: CallFilter,
    limit: int,
    cursor: str | None,
    sort: str = "",
    permission: str = "calls.view",
    settings: TelephonySettings = BY_DEFAULT,
) -> Page[CallView]:
    """A page of calls within the data scope of ``permission``, newest first unless ``sort`` says otherwise.

    Raises ``InvalidError`` for a limit outside 1 to 200, an unknown order or a broken cursor, ``NotAllowedError``
    without permission and when somebody searches by number who may not see numbers.
    """
    require_limit(limit)
    statement = calls_statement().where(*_within(principal, wanted, permission, settings))
    return page_of_calls(session, statement, call_stretches(session, principal, sort), limit, cursor)


def count_calls(session: Session, principal: Principal, wanted: CallFilter, settings: TelephonySettings) -> int:
    """How many calls ``list_calls`` lists, page after page."""
    found = select(func.count()).select_from(CallRecord).where(*_within(principal, wanted, "calls.view", settings))
    return session.scalar(found) or 0


def require_limit(limit: int) -> None:
    """Raise ``InvalidError`` for a page of less than one or too many calls."""
    if not 1 <= limit <= MAX_LIMIT:
        message = Text(N_("A page has {least} to {most} calls."), least=1, most=MAX_LIMIT)
        raise InvalidError(message, {"limit": message})


def page_of_calls(
    session: Session, statement: Select[Any], stretches: Sequence[Stretch], limit: int, cursor: str | None
) -> Page[CallView]:
    """A page of the calls of ``statement`` in the order of ``stretches``; ``InvalidError`` for a broken cursor."""
    return page_of_views(load_call_rows, session, statement, stretches, limit, cursor)


def _within(
    principal: Principal, wanted: CallFilter, permission: str, settings: TelephonySettings
) -> list[ColumnElement[bool]]:
    if wanted.recorded is not None:
        principal.require("recordings.play")
    return [scope_clause(principal, permission), *_conditions(principal, wanted), *_figure_conditions(wanted, settings)]


def _conditions(principal: Principal, wanted: CallFilter) -> list[ColumnElement[bool]]:
    equal = {
        CallRecord.direction: wanted.direction,
        CallRecord.patient_id: wanted.patient_id,
        CallRecord.agent_id: wanted.agent_id,
        CallRecord.line_id: wanted.line_id,
        CallRecord.department_id: wanted.department_id,
        CallRecord.outcome: wanted.outcome,
        CallRecord.state: wanted.state,
        CallRecord.wrap_up: wanted.wrap_up,
    }
    conditions: list[ColumnElement[bool]] = [
        column.is_(None) if value in ("", 0) else column == value
        for column, value in equal.items()
        if value is not None
    ]
    if wanted.since is not None:
        conditions.append(CallRecord.started_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(CallRecord.started_at < wanted.until)
    if wanted.missed is not None:
        conditions.append(CallRecord.missed == (YES if wanted.missed else NO))
    if wanted.open_missed:
        conditions.append(and_(CallRecord.missed == YES, CallRecord.missed_handled_at.is_(None)))
    return conditions + _content_conditions(principal, wanted)


def _figure_conditions(wanted: CallFilter, settings: TelephonySettings) -> list[ColumnElement[bool]]:
    """What counts as something in figures, so that a list has as many calls as the figure that led to it says."""
    found: list[ColumnElement[bool]] = []
    if wanted.counted is not None:
        found.append(conditions(settings)[Counted(wanted.counted)])
    if wanted.hour is not None:
        calendar = Calendar(wanted.since or _LONG_AGO, wanted.until or _FAR_OFF, settings.time_zone)
        found.append(calendar.hour(CallRecord.started_at) == hour_text(wanted.hour))
    return found


def _content_conditions(principal: Principal, wanted: CallFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.number is not None:
        conditions.append(by_digits(principal, CallRecord.number, wanted.number))
    if wanted.shortest is not None:
        conditions.append(CallRecord.talk_seconds >= wanted.shortest)
    if wanted.longest is not None:
        conditions.append(CallRecord.talk_seconds <= wanted.longest)
    if wanted.recorded is not None:
        kept = is_recorded()
        conditions.append(kept if wanted.recorded else ~kept)
    return conditions


def is_recorded() -> ColumnElement[bool]:
    """Whether a recording of the call is kept."""
    recording = select(CallRecording.id).where(
        CallRecording.call_id == CallRecord.id, CallRecording.state == State.KEPT.value
    )
    return recording.correlate(CallRecord).exists()
