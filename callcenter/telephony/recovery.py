"""Before the lines start: make the records agree with the configuration and with what a crash left behind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.telephony.agent_states import DISCONNECTED, AgentState, move_agent
from callcenter.telephony.announce import announce_line
from callcenter.telephony.effects import CallClosed, EndReason, LineStateName
from callcenter.telephony.heartbeat import last_heartbeat
from callcenter.telephony.line_context import LineContext
from callcenter.telephony.line_model import STARTING
from callcenter.telephony.line_roll import Arranged, LineEntry, call_the_roll
from callcenter.telephony.line_service import begin_history, numberless_lines
from callcenter.telephony.line_words import put_reason
from callcenter.telephony.recorder import Batch, close_call
from callcenter.telephony.views import IN_USE
from storage.models import AgentGroup, AgentStatus, CallRecord, Department, PhoneLine


@dataclass(frozen=True)
class RecoveredLine:
    """A line with its record. ``unknown_group`` when no group and no department has the group's name.

    ``settings`` are those of a line of the interface, None for one of the configuration file.
    ``numberless``: before the start, its last calls came without numbers.
    """

    context: LineContext
    out_of_service: bool
    service_reason: str
    unknown_group: bool
    settings: Mapping[str, Any] | None = None
    numberless: bool = False


def recover(session: Session, lines: Sequence[LineEntry], area_code: str, at: datetime) -> list[RecoveredLine]:
    """Write the lines, mark the others removed, close what a crash left open; first ``lines``, in their order.

    Calls left open are closed as ``unknown``: their agents owe a wrap-up if somebody spoke. Agents are offline from the
    daemon's last sign of life on, until their pages are back.
    """
    numberless = numberless_lines(session)
    recovered = [
        replace(set_up(session, record, arranged, area_code, at), numberless=record.id in numberless)
        for record, arranged in call_the_roll(session, lines, at)
    ]
    contexts = {one.context.line_id: one.context for one in recovered}
    _all_offline(session, at)
    _close_left_open(session, contexts, at)
    for one in recovered:
        announce_line(session, session.get_one(PhoneLine, one.context.line_id), one.context)
    return recovered


def set_up(session: Session, line: PhoneLine, arranged: Arranged, area_code: str, at: datetime) -> RecoveredLine:
    """Write down what ``line`` is, about to be started, and give what its runner needs."""
    if line.state != LineStateName.LOST.value:
        line.since = at
    service_reason = line.reason if line.out_of_service else ""
    line.state, line.removed = LineStateName.LOST.value, False
    put_reason(line, service_reason or STARTING)
    line.driver = arranged.driver
    context = arrange(session, line, arranged, area_code)
    begin_history(session, line.id, at)
    unknown_group = bool(arranged.group) and line.department_id is None and line.agent_group_id is None
    settings = None if line.file_name else line.settings
    return RecoveredLine(context, line.out_of_service, service_reason, unknown_group, settings)


def arrange(session: Session, line: PhoneLine, arranged: Arranged, area_code: str) -> LineContext:
    """Write down name and group of ``line``; what the writing side knows of it from now on."""
    # What was set otherwise stays until another group is named.
    if arranged.group != line.group_name or line.agent_group_id is None:
        line.agent_group_id = session.scalar(select(AgentGroup.id).where(AgentGroup.name == arranged.group))
    line.name, line.group_name = arranged.name, arranged.group
    line.department_id = session.scalar(select(Department.id).where(Department.name == arranged.group))
    return LineContext(line.id, line.name, line.department_id, arranged.bound_agent, (), area_code)


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
