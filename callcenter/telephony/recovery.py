"""Before the lines start: make the records agree with the configuration and with what a crash left behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.telephony.agent_states import DISCONNECTED, AgentState, move_agent
from callcenter.telephony.announce import announce_line
from callcenter.telephony.effects import CallClosed, EndReason, LineStateName
from callcenter.telephony.heartbeat import last_heartbeat
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_model import STARTING
from callcenter.telephony.line_service import begin_history, end_history, numberless_lines
from callcenter.telephony.line_words import put_reason
from callcenter.telephony.recorder import Batch, close_call
from callcenter.telephony.views import IN_USE
from storage.models import AgentStatus, CallRecord, Department, PhoneLine


class LineEntry(Protocol):
    """What telephony reads of a line's configuration."""

    @property
    def name(self) -> str:
        """What people call the line; ties it to its record."""
        ...

    @property
    def driver(self) -> str:
        """The device family."""
        ...

    @property
    def group(self) -> str:
        """Whose calls these are: the name of a department, or empty for everybody's."""
        ...

    @property
    def bound_agent(self) -> str:
        """User name of the agent at whose desk the line is, or empty."""
        ...


@dataclass(frozen=True)
class RecoveredLine:
    """A configured line with its record. ``unknown_group`` when no department has the group's name.

    ``numberless``: before the start, its last calls came without numbers.
    """

    context: LineContext
    out_of_service: bool
    service_reason: str
    unknown_group: bool
    numberless: bool = False


def recover(session: Session, lines: Sequence[LineEntry], area_code: str, at: datetime) -> list[RecoveredLine]:
    """Write the configured lines, mark the others removed, close what a crash left open; in the order of ``lines``.

    Calls left open are closed as ``unknown``: their agents owe a wrap-up if somebody spoke. Agents are offline from the
    daemon's last sign of life on, until their pages are back.
    """
    departments = {name: key for key, name in session.execute(select(Department.id, Department.name))}
    known = {line.name: line for line in session.scalars(select(PhoneLine))}
    numberless = numberless_lines(session)
    recovered = []
    for entry in lines:
        record = known.pop(entry.name, None) or _new_line(session, entry, at)
        one = _configured(session, record, entry, departments, area_code, at)
        recovered.append(replace(one, numberless=record.id in numberless))
        begin_history(session, record.id, at)
    for removed in known.values():
        if not removed.removed:
            removed.removed = True
            end_history(session, removed.id, at)
    contexts = {one.context.line_id: one.context for one in recovered}
    _all_offline(session, at)
    _close_left_open(session, contexts, at)
    for one in recovered:
        announce_line(session, session.get_one(PhoneLine, one.context.line_id), one.context.capabilities)
    return recovered


def _new_line(session: Session, entry: LineEntry, at: datetime) -> PhoneLine:
    line = PhoneLine(name=entry.name, driver=str(entry.driver), state=LineStateName.LOST.value, since=at)
    line.out_of_service = False
    session.add(line)
    session.flush()
    return line


def _configured(
    session: Session, line: PhoneLine, entry: LineEntry, departments: dict[str, int], area_code: str, at: datetime
) -> RecoveredLine:
    if line.state != LineStateName.LOST.value:
        line.since = at
    service_reason = line.reason if line.out_of_service else ""
    line.state, line.removed = LineStateName.LOST.value, False
    put_reason(line, service_reason or STARTING)
    line.driver, line.group_name = str(entry.driver), entry.group
    line.department_id = departments.get(entry.group)
    context = LineContext(line.id, line.name, line.department_id, entry.bound_agent, (), area_code)
    unknown_group = bool(entry.group) and line.department_id is None
    return RecoveredLine(context, line.out_of_service, service_reason, unknown_group)


def _close_left_open(session: Session, contexts: dict[int, LineContext], at: datetime) -> None:
    left_open = select(CallRecord.id, CallRecord.line_id, CallRecord.department_id, PhoneLine.name)
    statement = left_open.join(PhoneLine, PhoneLine.id == CallRecord.line_id).where(CallRecord.state.in_(IN_USE))
    for call_id, line_id, department_id, name in session.execute(statement.order_by(CallRecord.id)).all():
        line = contexts.get(line_id) or LineContext(line_id, name, department_id)
        batch = Batch(session, line, {}, again=False)
        call = batch.record(call_id)
        if call is not None:
            close_call(call, CallClosed(at, 0, EndReason.UNKNOWN, call.rings), batch)


def _all_offline(session: Session, at: datetime) -> None:
    """Nobody was at work while the daemon was dead, so the history says offline from its last sign of life on."""
    alive_until = min(last_heartbeat(session) or at, at)
    statement = select(AgentStatus.user_id, AgentStatus.since).where(AgentStatus.state != AgentState.OFFLINE.value)
    for user_id, since in session.execute(statement.order_by(AgentStatus.user_id)).all():
        move_agent(session, user_id, AgentState.OFFLINE, max(alive_until, since), DISCONNECTED)
