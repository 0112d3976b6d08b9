"""Taking a ringing call: exactly one agent gets it, the others are told who."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, NotAllowedError
from callcenter.events import CallUpdated
from callcenter.telephony.agent_states import AgentState, enter_call
from callcenter.telephony.announce import announce_call
from callcenter.telephony.effects import Direction, LineStateName
from callcenter.telephony.missed import settle_missed
from callcenter.telephony.scope import scope_clause
from callcenter.telephony.views import CallView, load_call
from callcenter.telephony.visible import visible_call
from callcenter.text import N_, Text
from storage.models import CallRecord

_CLAIMABLE = (LineStateName.RINGING.value, LineStateName.TALKING.value)
_AGENT_STATES = {
    LineStateName.RINGING.value: AgentState.RINGING,
    LineStateName.TALKING.value: AgentState.TALKING,
}


def claim_call(session: Session, principal: Principal, call_id: int, at: datetime) -> CallView:
    """Make the incoming call ``call_id`` the principal's. Claiming one's own call again changes nothing.

    Raises ``ConflictError`` naming who has it (details ``agent``), or saying that it is over; ``NotFoundError``
    out of reach.
    """
    if principal.user_id is None:
        raise NotAllowedError(N_("Only a person can take a call."))
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    taken = session.execute(
        update(CallRecord)
        .where(
            CallRecord.id == call_id,
            CallRecord.agent_id.is_(None),
            CallRecord.direction == Direction.IN.value,
            CallRecord.state.in_(_CLAIMABLE),
        )
        .values(agent_id=principal.user_id, claimed_at=at, version=CallRecord.version + 1),
        execution_options={"synchronize_session": False},
    )
    session.refresh(call)
    if not isinstance(taken, CursorResult) or taken.rowcount != 1:
        return _not_taken(session, principal, call)
    enter_call(session, principal.user_id, _AGENT_STATES[call.state], at)
    if call.state == LineStateName.TALKING.value and call.number:
        settle_missed(session, call.number, principal.user_id, at)
    record_audit(session, principal, "claim", "call", str(call_id), None, {"agent_id": principal.user_id}, at)
    return announce_call(session, CallUpdated, call)


def _not_taken(session: Session, principal: Principal, call: CallRecord) -> CallView:
    view = load_call(session, call.id)
    if call.agent_id == principal.user_id and call.state in _CLAIMABLE:
        return view
    if call.agent_id is not None and call.agent_id != principal.user_id:
        agent = view["agent"]
        raise ConflictError(Text(N_("{name} has taken this call."), name=agent["name"]), agent=agent, call_id=call.id)
    raise ConflictError(N_("The call is over."), agent=None, call_id=call.id, end_reason=call.end_reason)
