"""What is looked up, and what is refused, before a number is dialled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.errors import ConflictError, InvalidError
from callcenter.telephony.matching import match_patients
from callcenter.telephony.scope import reachable_patient
from callcenter.telephony.views import ENDED
from callcenter.text import N_
from storage.models import CallRecord, Patient, UserAccount
from storage.models.base import NO

_OTHERS_OWN = (
    select(UserAccount.bound_line)
    .where(UserAccount.bound_line.is_not(None), UserAccount.disabled == NO, UserAccount.id != bindparam("user_id"))
    .distinct()
)


@dataclass(frozen=True)
class DialPlan:
    """Who is called, and from which line best: ``bound_line`` is its name, often empty; ``others`` names those that are
    somebody else's own.
    """

    patient_id: int | None
    bound_line: str
    others: frozenset[str]
    overridden: bool


def plan_dialling(
    session: Session, principal: Principal, number: str, patient_id: int | None, confirmed: bool, by_task: bool = False
) -> DialPlan:
    """Look up patient and bound line for the canonical ``number``. Whoever has the task of a patient reaches them.

    Raises ``InvalidError`` for a patient out of reach; ``ConflictError`` when the agent has a call already, and
    (details ``do_not_call``) when the patient asked not to be called and that was not ``confirmed``.
    """
    _refuse_second_call(session, principal)
    if patient_id is not None and not by_task and not _in_reach(session, principal, patient_id):
        raise InvalidError(N_("There is no such patient."), {"patient_id": N_("There is no such patient.")})
    known = patient_id if patient_id is not None else match_patients(session, number).patient_id
    unwanted = _refuse_unwanted(session, known, confirmed)
    user = session.get(UserAccount, principal.user_id)
    others = session.scalars(_OTHERS_OWN, {"user_id": principal.user_id})
    return DialPlan(known, "" if user is None else user.bound_line, frozenset(others), unwanted)


def unwanted_patient(session: Session, number: str, confirmed: bool) -> int | None:
    """Who of the patients is called against their wish when ``number`` is; raises ``ConflictError`` like dialling."""
    known = match_patients(session, number).patient_id
    return known if _refuse_unwanted(session, known, confirmed) else None


def _refuse_unwanted(session: Session, patient_id: int | None, confirmed: bool) -> bool:
    patient = None if patient_id is None else session.get(Patient, patient_id)
    unwanted = patient is not None and patient.do_not_call
    if unwanted and not confirmed:
        raise ConflictError(N_("This patient asked not to be called."), do_not_call=True, patient_id=patient_id)
    return unwanted


def _in_reach(session: Session, principal: Principal, patient_id: int) -> bool:
    return session.scalar(reachable_patient(principal, patient_id)) is not None


def _refuse_second_call(session: Session, principal: Principal) -> None:
    statement = select(CallRecord.id).where(CallRecord.agent_id == principal.user_id, CallRecord.state != ENDED)
    if (call_id := session.scalar(statement.limit(1))) is not None:
        raise ConflictError(N_("You have a call already."), call_id=call_id)
