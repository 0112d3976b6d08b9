"""Saying which patient a call is about."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.errors import InvalidError
from callcenter.events import CallUpdated
from callcenter.telephony.announce import announce_call
from callcenter.telephony.scope import reachable_patient, scope_clause
from callcenter.telephony.views import CallView
from callcenter.telephony.visible import refuse_strangers, visible_call
from callcenter.text import N_
from storage.queries.patients import remember_choice


def attach_patient(
    session: Session, principal: Principal, call_id: int, patient_id: int | None, remember: bool, at: datetime
) -> CallView:
    """Tie the call to a patient, or to none with None. ``remember`` makes this patient the number's next match too.

    It may ring still: then everybody to whom it is offered may say so, later only whoever took it. Raises
    ``NotFoundError`` for a call out of reach, ``ConflictError`` for one that somebody else took, and ``InvalidError``
    for a patient out of reach.
    """
    call = visible_call(session, call_id, scope_clause(principal, "calls.handle"))
    refuse_strangers(principal, call, unclaimed=True)
    if patient_id is not None:
        _refuse_unknown(session, principal, patient_id)
    before = call.patient_id
    call.patient_id = patient_id
    call.version += 1
    if remember and patient_id is not None and call.number:
        remember_choice(session, call.number, patient_id, principal.user_id, at)
    if before != patient_id:
        record_audit(
            session,
            principal,
            "attach-patient",
            "call",
            str(call_id),
            {"patient_id": before},
            {"patient_id": patient_id, "remember": remember},
            at,
        )
    return announce_call(session, CallUpdated, call)


def _refuse_unknown(session: Session, principal: Principal, patient_id: int) -> None:
    if session.scalar(reachable_patient(principal, patient_id)) is None:
        raise InvalidError(N_("There is no such patient."), {"patient_id": N_("There is no such patient.")})
