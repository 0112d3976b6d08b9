"""Whether lines serve callers, as rows: the stretches of each line's history, and the alarms of lines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import Trouble, clear_alarm, raise_alarm
from callcenter.telephony.effects import LineService
from callcenter.telephony.heartbeat import last_heartbeat
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_words import reason_columns
from protocols.sayings import Said, Saying
from storage.models import Alarm, LineServiceSpan

CALLER_ID = "caller_id"
"""The capability of a line whose calls are expected to have numbers."""


def service_changed(session: Session, line: LineContext, service: LineService, reason: str, at: datetime) -> None:
    """Write where the line's history goes on, and open or clear its alarm. Nobody can say of one that is stopped."""
    enter_service(session, line.line_id, service, reason, at)
    if service is LineService.LOST:
        raise_alarm(session, _trouble(AlarmKind.LINE_LOST, line, reason_columns(reason)), at)
    elif service is not LineService.STOPPED:
        clear_alarm(session, AlarmKind.LINE_LOST, str(line.line_id), at)


def numbers_missing(session: Session, line: LineContext, count: int, at: datetime) -> None:
    """Calls came without numbers: an alarm, where the line can tell them."""
    if CALLER_ID in line.capabilities:
        why = reason_columns(Said(Saying.NUMBERLESS, count=count))
        raise_alarm(session, _trouble(AlarmKind.NUMBERLESS, line, why), at)


def numbers_back(session: Session, line: LineContext, at: datetime) -> None:
    """The network tells of callers again."""
    clear_alarm(session, AlarmKind.NUMBERLESS, str(line.line_id), at)


def caller_left(session: Session, line: LineContext, at: datetime) -> None:
    """A call on hold was lost sight of: its caller may wait on."""
    raise_alarm(session, _trouble(AlarmKind.CALLER_LEFT, line, reason_columns(Said(Saying.CALLER_LEFT))), at)


def enter_service(session: Session, line_id: int, service: LineService, reason: str, at: datetime) -> None:
    """End the present stretch and begin another, unless it is the same."""
    present = session.scalar(_present(line_id))
    if present is not None and present.state == service.value:
        return
    if present is not None:
        present.ended_at = max(at, present.started_at)
    session.add(LineServiceSpan(line_id=line_id, state=service.value, started_at=at, **reason_columns(reason)))
    session.flush()


def begin_history(session: Session, line_id: int, at: datetime) -> None:
    """The daemon starts. What the line was when the last one died ended with that one's last sign of life."""
    present = session.scalar(_present(line_id))
    if present is None:
        enter_service(session, line_id, LineService.STOPPED, "", at)
    elif present.state not in (LineService.STOPPED.value, LineService.OUT_OF_SERVICE.value):
        alive_until = min(last_heartbeat(session) or at, at)
        enter_service(session, line_id, LineService.STOPPED, "", max(alive_until, present.started_at))


def end_history(session: Session, line_id: int, at: datetime) -> None:
    """The line is not configured any more: nothing goes on, and nothing is wrong with it."""
    present = session.scalar(_present(line_id))
    if present is not None:
        present.ended_at = max(at, present.started_at)
    for kind in (AlarmKind.LINE_LOST, AlarmKind.NUMBERLESS):
        clear_alarm(session, kind, str(line_id), at)


def numberless_lines(session: Session) -> Collection[int]:
    """The lines whose last calls are known to have come without numbers."""
    known = select(Alarm.line_id).where(
        Alarm.kind == AlarmKind.NUMBERLESS.value, Alarm.live_key.is_not(None), Alarm.cleared_at.is_(None)
    )
    return {line_id for line_id in session.scalars(known) if line_id is not None}


def _present(line_id: int) -> Select[LineServiceSpan]:
    span = LineServiceSpan
    return select(span).where(span.line_id == line_id, span.ended_at.is_(None)).order_by(span.id.desc()).limit(1)


def _trouble(kind: AlarmKind, line: LineContext, details: dict[str, object]) -> Trouble:
    return Trouble(kind, str(line.line_id), {"line": line.name, **details}, line.line_id, line.department_id)
