"""What came of a call: saved as it is typed, finished now or later from a list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.masks import restore_text
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.errors import ConflictError, InvalidError
from callcenter.events import CallUpdated
from callcenter.telephony.agent_states import AgentState, move_agent, state_of
from callcenter.telephony.announce import announce_call
from callcenter.telephony.callbacks import agree, settle
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.views import ENDED, CallView
from callcenter.telephony.visible import refuse_strangers, visible_call
from callcenter.text import N_
from storage.models import CallOutcome, CallRecord
from storage.models.base import NO

MAX_NOTES = 10_000


class WrapUpDraft(BaseModel):
    """The whole wrap-up pane as it is now; the last one saved counts. ``call_back_at`` must have a zone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outcome: Annotated[str, Field(max_length=30)] = ""
    notes: Annotated[str, Field(max_length=MAX_NOTES)] = ""
    call_back_at: AwareDatetime | None = None


SettleTask = Callable[[Session, CallRecord, CallOutcome, datetime], bool]
"""Told of each wrap-up that is finished; whether a call task sees to the time at which to call again."""


def save_wrap_up(
    session: Session,
    principal: Principal,
    call_id: int,
    draft: WrapUpDraft,
    finish: bool,
    at: datetime,
    settle_task: SettleTask,
) -> CallView:
    """Save ``draft``; with ``finish`` close the wrap-up, make its agent available and settle what call-backs it owed
    and what task it was an attempt of.

    Drafts are announced but not audited, they come with every pause in typing; finishing is. Raises ``NotFoundError``
    for a call of somebody else, ``InvalidError`` for an unknown outcome, for finishing without outcome or without
    the time that the outcome needs, ``ConflictError`` while the call still goes on.
    """
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    refuse_strangers(principal, call)
    outcome = _outcome(session, draft, call)
    if finish:
        _refuse_unfinished(call, draft, outcome)
    before, agreed = _kept(call), call.call_back_at
    # Whoever was shown the note with its numbers masked gives the masks back.
    notes = draft.notes if principal.sees_numbers else restore_text(draft.notes, call.notes)
    call.outcome, call.notes, call.call_back_at = draft.outcome, notes, draft.call_back_at
    call.version += 1
    if finish:
        call.wrap_up, call.wrapped_up_at = "done", call.wrapped_up_at or at
    by_task = finish and outcome is not None and settle_task(session, call, outcome, at)
    if by_task:
        call.call_back, call.called_back_at = "", None
    elif finish or (call.wrap_up == "done" and call.task_id is None):
        agree(call, agreed)
    if finish:
        record_audit(session, principal, "wrap-up", "call", str(call_id), before, _kept(call), at)
        if call.agent_id is not None and state_of(session, call.agent_id) is AgentState.WRAP_UP:
            move_agent(session, call.agent_id, AgentState.AVAILABLE, at)
        settle(session, call, at)
    return announce_call(session, CallUpdated, call)


def open_calls(session: Session, principal: Principal, limit: int) -> list[int]:
    """Ids of what concerns the principal now: calls that are offered to them, their calls in progress, their open
    wrap-ups; whoever sees more than their own calls gets every call in progress there. At most ``limit``, newest first.
    """
    me = principal.user_id
    in_progress: ColumnElement[bool] = CallRecord.state != ENDED
    if principal.require("calls.view") is Scope.OWN:
        in_progress = and_(in_progress, or_(CallRecord.agent_id.is_(None), CallRecord.agent_id == me))
    owed = and_(CallRecord.agent_id == me, CallRecord.wrap_up == "open")
    statement = (
        select(CallRecord.id)
        .where(scope_clause(principal, "calls.view"), or_(in_progress, owed))
        .order_by(CallRecord.started_at.desc(), CallRecord.id.desc())
        .limit(limit)
    )
    return list(session.scalars(statement))


def load_outcomes(session: Session, disabled: bool = False) -> list[dict[str, object]]:
    """The outcomes that can be chosen, in their order; ``disabled`` ones too, which calls may still have."""
    statement = select(CallOutcome).order_by(CallOutcome.position, CallOutcome.code)
    if not disabled:
        statement = statement.where(CallOutcome.disabled == NO)
    return [
        {
            "code": outcome.code,
            "label_zh": outcome.label_zh,
            "label_en": outcome.label_en,
            "key": outcome.position if 1 <= outcome.position <= 9 else 0,
            "needs_time": outcome.needs_time,
        }
        for outcome in session.scalars(statement)
    ]


def _refuse_unfinished(call: CallRecord, draft: WrapUpDraft, outcome: CallOutcome | None) -> None:
    if call.state != ENDED:
        raise ConflictError(N_("The call is still going on."), call_id=call.id, state=call.state)
    if outcome is None:
        raise InvalidError(N_("Choose an outcome for the call."), {"outcome": N_("Choose an outcome for the call.")})
    if outcome.needs_time and draft.call_back_at is None:
        raise InvalidError(N_("Choose when to call back."), {"call_back_at": N_("Choose when to call back.")})


def _outcome(session: Session, draft: WrapUpDraft, call: CallRecord) -> CallOutcome | None:
    if not draft.outcome:
        return None
    outcome = session.get(CallOutcome, draft.outcome)
    # One that was disabled meanwhile stays on the calls that have it.
    if outcome is None or (outcome.disabled and call.outcome != outcome.code):
        raise InvalidError(N_("There is no such outcome."), {"outcome": N_("There is no such outcome.")})
    return outcome


def _kept(call: CallRecord) -> dict[str, object]:
    return {
        "outcome": call.outcome,
        "notes": call.notes,
        "call_back_at": iso(call.call_back_at),
        "wrap_up": call.wrap_up,
    }
