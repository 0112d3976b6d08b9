"""Calls, lines and agents as JSON data: one builder each, for API, page, export and event alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from callcenter.clock import iso
from callcenter.crm.heads import patient_head
from callcenter.naming import named
from callcenter.numbers import format_number, region_of
from callcenter.telephony.effects import LineStateName
from callcenter.telephony.urgency import has_open_complaint, priorities
from protocols.sayings import said
from storage.models import AgentStatus, CallOffer, CallRecord, Patient, PatientPhone, PhoneLine, UserAccount
from storage.models.base import NO, table_of
from storage.prepared import Prepared
from storage.queries.offers import offered_to
from storage.queries.patients import count_sharing

CallView = dict[str, Any]
LineView = dict[str, Any]
AgentView = dict[str, Any]

ENDED = "ended"
IN_USE = (LineStateName.RINGING.value, LineStateName.DIALLING.value, LineStateName.TALKING.value)
"""The states of a line that has a call, and of a call that is not over."""

_candidates = (
    select(func.count())
    .select_from(PatientPhone)
    .join(Patient, Patient.id == PatientPhone.patient_id)
    .where(PatientPhone.number == CallRecord.number, Patient.disabled == NO)
    .correlate(CallRecord)
    .scalar_subquery()
)

_PATIENT_COLUMNS = (
    Patient.id,
    Patient.name,
    Patient.record_number,
    Patient.department_id,
    Patient.sex,
    Patient.birth_date,
    Patient.tier,
    Patient.allergies,
    Patient.do_not_call,
)
_HEAD = (*_PATIENT_COLUMNS, has_open_complaint(Patient.id))
_DEPARTMENT = [column.key for column in _PATIENT_COLUMNS].index("department_id")
_TIER = [column.key for column in _PATIENT_COLUMNS].index("tier")
_NOBODY = (None,) * len(_HEAD)

# Of tables rather than of records, which costs half.
_LINE, _AGENT, _PATIENT_TABLE = (table_of(record).c for record in (PhoneLine, UserAccount, Patient))
_LINE_NAME = Prepared(select(_LINE.name).where(_LINE.id == bindparam("id")))
_AGENT_NAME = Prepared(select(_AGENT.display_name).where(_AGENT.id == bindparam("id")))
_PATIENT = Prepared(
    select(*(_PATIENT_TABLE[column.key] for column in _PATIENT_COLUMNS), has_open_complaint(_PATIENT_TABLE.id)).where(
        _PATIENT_TABLE.id == bindparam("id")
    )
)
_CALL = table_of(CallRecord).c
_OPEN_CALL = Prepared(
    select(func.max(_CALL.id)).where(
        or_(*(_CALL.state == state for state in IN_USE)), _CALL.line_id == bindparam("line")
    )
)
_AGENT_OF = Prepared(select(_CALL.agent_id).where(_CALL.id == bindparam("key")))


def calls_statement() -> Select[Any]:
    """Call records with all that ``call_view`` shows; add conditions and order, run it with ``load_calls``."""
    return (
        select(CallRecord, PhoneLine.name, UserAccount.display_name, _candidates, *_HEAD)
        .join(PhoneLine, PhoneLine.id == CallRecord.line_id)
        .outerjoin(Patient, Patient.id == CallRecord.patient_id)
        .outerjoin(UserAccount, UserAccount.id == CallRecord.agent_id)
    )


def load_calls(session: Session, statement: Select[Any]) -> list[CallView]:
    """The views of the calls that ``statement`` (made by ``calls_statement``) finds, in its order."""
    return [view for view, _ in load_call_rows(session, statement)]


def load_call_rows(session: Session, statement: Select[Any]) -> list[tuple[CallView, CallRecord]]:
    """Like ``load_calls``, each with its record, which has the exact values by which lists are sorted."""
    rows = session.execute(statement, execution_options={"populate_existing": True}).all()
    offers = offers_of(session, [row[0].id for row in rows if row[0].state != ENDED])
    names = _names_of(session, [row[0] for row in rows])
    return [(_from_row(row, offers, names), row[0]) for row in rows]


@dataclass(frozen=True)
class Facts:
    """What the writer of a call knows already, so that it need not be read again; None where it does not know."""

    line_name: str | None = None
    candidates: int | None = None
    offered_to: Sequence[int] | None = None


NOTHING_KNOWN = Facts()


@dataclass(frozen=True)
class DescribedCall:
    """A call's view with what decides who may hear of it: departments (maybe None), agents it is or was offered to."""

    view: CallView
    departments: tuple[int | None, ...]
    offered_to: tuple[int, ...]


def describe_call(session: Session, call: CallRecord, known: Facts = NOTHING_KNOWN) -> DescribedCall:
    """Describe one call of this transaction, flushed or not.

    This is on the way from the ring to the pop: statements made once, by keys, and no more of them than needed.
    """
    session.flush()
    line_name, candidates, offered = known.line_name, known.candidates, known.offered_to
    passed_over: Sequence[int] = ()
    if line_name is None:
        line_name = _LINE_NAME.scalar(session, {"id": call.line_id})
    if candidates is None:
        candidates = count_sharing(session, call.number)
    if offered is None:
        offered, passed_over = offered_to(session, call.id)
    agent_name = None if call.agent_id is None else _AGENT_NAME.scalar(session, {"id": call.agent_id})
    row = None if call.patient_id is None else _PATIENT.first(session, {"id": call.patient_id})
    patient = _NOBODY if row is None else row
    names = _names_of(session, [call])
    view = call_view(call, line_name or "", agent_name, candidates, patient, offered, names)
    return DescribedCall(view, (call.department_id, patient[_DEPARTMENT]), (*offered, *passed_over))


def load_call(session: Session, call_id: int) -> CallView:
    """The view of the call ``call_id``, which must exist."""
    return describe_call(session, session.get_one(CallRecord, call_id)).view


def offers_of(session: Session, call_ids: Sequence[int]) -> dict[int, list[int]]:
    """Call id → ids of the agents to whom it is offered, in order; empty for others."""
    found: dict[int, list[int]] = defaultdict(list)
    if call_ids:
        statement = select(CallOffer.call_id, CallOffer.user_id).where(
            CallOffer.call_id.in_(call_ids), CallOffer.closed_at.is_(None)
        )
        for call_id, user_id in session.execute(statement.order_by(CallOffer.call_id, CallOffer.user_id)):
            found[call_id].append(user_id)
    return found


def _from_row(row: Any, offers: dict[int, list[int]], names: Mapping[int, str]) -> CallView:
    call, line_name, agent_name, candidates, *patient = row
    return call_view(call, line_name, agent_name, candidates, patient, offers.get(call.id, []), names)


def _names_of(session: Session, calls: Iterable[CallRecord]) -> dict[int, str]:
    """Id → name of the agents who are third parties of ``calls`` or were given them; most calls have none."""
    ids = {one for call in calls for one in (call.third_agent_id, call.transferred_agent_id) if one is not None}
    if not ids:
        return {}
    statement = select(UserAccount.id, UserAccount.display_name).where(UserAccount.id.in_(sorted(ids)))
    return {row.id: row.display_name for row in session.execute(statement)}


def call_view(
    call: CallRecord,
    line_name: str,
    agent_name: str | None,
    candidates: int,
    patient: Sequence[Any],
    offered_to: Sequence[int],
    names: Mapping[int, str],
) -> CallView:
    """The call as JSON data. ``patient`` has the values of ``_HEAD``, all None when there is none; ``names`` those of
    the other agents on it.

    ``candidates`` counts the patients that share the number. ``offered_to`` is empty once the call has ended.
    """
    *head, open_complaint = patient
    return {
        "id": call.id,
        "direction": call.direction,
        "number": call.number,
        "number_formatted": format_number(call.number),
        "number_absent": call.number_absent,
        "number_verified": call.number_verified,
        "region": region_of(call.number, "zh"),
        "region_en": region_of(call.number, "en"),
        "name": call.caller_name,
        "line": {"id": call.line_id, "name": line_name},
        "patient": _patient(head),
        "candidates": candidates,
        "agent": named(call.agent_id, agent_name),
        "offered_to": [] if call.state == ENDED else list(offered_to),
        "offer_why": call.offer_why,
        "offered_until": iso(call.offered_until),
        "priority": priorities(head[_TIER], open_complaint),
        "state": call.state,
        "certainty": call.certainty,
        "rings": call.rings,
        "task_id": call.task_id,
        "outcome": call.outcome,
        "notes": call.notes,
        "wrap_up": call.wrap_up,
        "call_back_at": iso(call.call_back_at),
        "call_back": call.call_back,
        "called_back_at": iso(call.called_back_at),
        "missed": call.missed,
        "missed_handled_at": iso(call.missed_handled_at),
        "started_at": iso(call.started_at),
        "claimed_at": iso(call.claimed_at),
        "answered_at": iso(call.answered_at),
        "ended_at": iso(call.ended_at),
        "end_reason": call.end_reason,
        "parties": call.parties,
        "parties_at": iso(call.parties_at),
        "third": _party(call.third_number, call.third_agent_id, names),
        "held_since": iso(call.held_since),
        "hold_seconds": call.hold_seconds,
        "transfer": call.transfer,
        "transferred_to": _party(call.transferred_to, call.transferred_agent_id, names),
        "transferred_at": iso(call.transferred_at),
        "transferred_from_id": call.transferred_from_id,
    }


def _party(number: str, agent_id: int | None, names: Mapping[int, str]) -> dict[str, Any] | None:
    """Somebody on the call beside its agent and its far end."""
    if not number:
        return None
    agent = named(agent_id, names.get(agent_id or 0))
    return {"number": number, "number_formatted": format_number(number), "agent": agent}


def _patient(values: Sequence[Any]) -> dict[str, Any] | None:
    key, name, record_number, _, *rest = values
    return None if key is None else patient_head(key, name, record_number, *rest)


def line_view(
    line: PhoneLine, call_id: int | None, capabilities: Iterable[str], desk: Iterable[int], note: str = ""
) -> LineView:
    """The line as JSON data.

    ``desk`` are the users whose own line it is or for whom it is set up. ``note`` is something a supervisor should know
    although the state is the same.
    """
    return {
        "id": line.id,
        "name": line.name,
        "driver": line.driver,
        "group": line.group_name,
        "state": line.state,
        "since": iso(line.since),
        "reason": line.reason,
        "reason_said": line.reason_said,
        "note": note,
        "note_said": said(note),
        "capabilities": list(capabilities),
        "out_of_service": line.out_of_service,
        "call_id": call_id,
        "desk": list(desk),
    }


def open_call_of(session: Session, line_id: int) -> int | None:
    """The call that is not over on this line."""
    found: int | None = _OPEN_CALL.scalar(session, {"line": line_id})
    return found


def people_of_call(session: Session, call_id: int) -> list[int]:
    """Ids of the agent who has the call and of those to whom it is offered."""
    agent_id = _AGENT_OF.scalar(session, {"key": call_id})
    return [*offered_to(session, call_id)[0], *([] if agent_id is None else [agent_id])]


def agent_view(user: UserAccount, status: AgentStatus) -> AgentView:
    """The agent as JSON data."""
    return {
        "id": user.id,
        "name": user.display_name,
        "state": status.state,
        "reason": status.reason,
        "since": iso(status.since),
        "line": user.bound_line,
        "until": iso(status.until),
        "connected": status.connected,
    }
