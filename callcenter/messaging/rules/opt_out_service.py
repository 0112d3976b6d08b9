"""Opt-outs as a service: looked at, begun and ended by people. Patients begin theirs by a text (``incoming``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.masked_search import by_digits
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.values import clean
from callcenter.clock import utc_now
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import InvalidError, NotFoundError
from callcenter.messaging.conversations.rows import OPT_OUT_KINDS
from callcenter.messaging.conversations.scope import VIEW, find_conversation
from callcenter.messaging.conversations.threads import known_thread
from callcenter.messaging.conversations.views import tell_conversation
from callcenter.messaging.messages.composing import House
from callcenter.messaging.rules.opt_outs import begin_opt_out, end_opt_out, opt_out_view
from callcenter.numbers import NumberKind, format_number, normalise
from callcenter.paging import page_of
from callcenter.text import N_
from storage.database import Database
from storage.models import Conversation, Patient, PatientPhone, SmsOptOut
from storage.models.base import NO
from storage.queries.paging import Page, Stretch

LONGEST_NOTE = 200
_MOST_PATIENTS = 5


@dataclass(frozen=True)
class OptOutFilter:
    """What to list. ``live`` leaves out those that were ended; ``number`` is digits of one."""

    number: str = ""
    kind: str | None = None
    live: bool = True


def opt_out_scope(principal: Principal, permission: str = "opt_outs.view") -> ColumnElement[bool]:
    """All of them, or those of numbers that patients or conversations in one's reach have."""
    if principal.require(permission) is Scope.ALL:
        return true()
    conditions = []
    if principal.may("patients.view"):
        conditions.append(
            select(PatientPhone.id)
            .join(Patient, Patient.id == PatientPhone.patient_id)
            .where(PatientPhone.number == SmsOptOut.number, patient_scope_clause(principal))
            .correlate(SmsOptOut)
            .exists()
        )
    mine = select(Conversation.id).where(
        Conversation.number == SmsOptOut.number, Conversation.assigned_to == principal.user_id
    )
    return or_(*conditions, mine.correlate(SmsOptOut).exists())


class OptOutService:
    """Needs ``opt_outs.view`` and ``opt_outs.edit``; limited to numbers in reach."""

    def __init__(self, database: Database, clock: IReactorTime, house: House) -> None:
        self._database = database
        self._clock = clock
        self._house = house

    async def list(
        self, principal: Principal, wanted: OptOutFilter, limit: int = 50, cursor: str | None = None
    ) -> Page[dict[str, Any]]:
        """A page, newest first."""
        return await self._database.read(_list, principal, wanted, limit, cursor)

    async def begin(self, principal: Principal, number: str, kind: str, note: str = "") -> dict[str, Any]:
        """A patient said so by phone or in person; what was so already stays as it is."""
        canonical = normalise(number, self._house.area_code)
        if canonical.kind is NumberKind.ABSENT:
            message = N_("This is no phone number.")
            raise InvalidError(message, {"number": message})
        if kind not in OPT_OUT_KINDS:
            message = N_("Choose one of the listed values.")
            raise InvalidError(message, {"kind": message})
        words = clean(note)[:LONGEST_NOTE]
        return await self._database.run(_begin, principal, canonical.number, kind, words, utc_now(self._clock))

    async def begin_in(self, principal: Principal, conversation_id: int, kind: str) -> dict[str, Any]:
        """The same of the number of a conversation, which one need not be shown; the conversation as it is then."""
        return await self._database.run(_begin_in, principal, conversation_id, kind, utc_now(self._clock))

    async def end(self, principal: Principal, opt_out_id: int, note: str = "") -> dict[str, Any]:
        """The patient wants messages again, as ``note`` says; it stays on record that there was an opt-out."""
        words = clean(note)[:LONGEST_NOTE]
        return await self._database.run(_end, principal, opt_out_id, words, utc_now(self._clock))


def _list(
    session: Session, principal: Principal, wanted: OptOutFilter, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    statement = select(SmsOptOut).where(opt_out_scope(principal))
    if wanted.live:
        statement = statement.where(SmsOptOut.ended_at.is_(None))
    if wanted.kind:
        statement = statement.where(SmsOptOut.kind == wanted.kind)
    if wanted.number.strip():
        statement = statement.where(by_digits(principal, SmsOptOut.number, wanted.number))
    page = page_of(lambda part: session.scalars(part).all(), statement, [Stretch([SmsOptOut.id], True)], limit, cursor)
    return Page(_shown(session, principal, page.items), page.next)


def _shown(session: Session, principal: Principal, opt_outs: Sequence[SmsOptOut]) -> list[dict[str, Any]]:
    """Each with some of the patients in reach who have the number: that others share it is not told."""
    people: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if principal.may("patients.view"):
        patients = (
            select(PatientPhone.number, Patient.id, Patient.name)
            .join(Patient, Patient.id == PatientPhone.patient_id)
            .where(PatientPhone.number.in_({one.number for one in opt_outs}))
            .where(Patient.disabled == NO, patient_scope_clause(principal))
            .order_by(Patient.id)
        )
        for number, key, name in session.execute(patients):
            people[number].append({"id": key, "name": name})
    return [
        opt_out_view(one, number_formatted=format_number(one.number), patients=people[one.number][:_MOST_PATIENTS])
        for one in opt_outs
    ]


def _begin(session: Session, principal: Principal, number: str, kind: str, note: str, at: datetime) -> dict[str, Any]:
    scope = principal.require("opt_outs.edit")
    known = (
        select(PatientPhone.id)
        .join(Patient, Patient.id == PatientPhone.patient_id)
        .where(PatientPhone.number == number)
    )
    if scope is not Scope.ALL and session.scalar(known.where(patient_scope_clause(principal)).limit(1)) is None:
        raise NotFoundError(N_("There is no such number, or you may not see it."))
    opt_out, is_new = begin_opt_out(session, principal, number, kind, at, note=note)
    if is_new:
        _tell(session, number)
    return _shown(session, principal, [opt_out])[0]


def _begin_in(session: Session, principal: Principal, conversation_id: int, kind: str, at: datetime) -> dict[str, Any]:
    principal.require("opt_outs.edit")
    conversation = find_conversation(session, principal, VIEW, conversation_id)
    begin_opt_out(session, principal, conversation.number, kind, at)
    return tell_conversation(session, conversation)


def _end(session: Session, principal: Principal, opt_out_id: int, note: str, at: datetime) -> dict[str, Any]:
    found = select(SmsOptOut).where(
        SmsOptOut.id == opt_out_id, opt_out_scope(principal), opt_out_scope(principal, "opt_outs.edit")
    )
    opt_out = session.scalar(found.with_for_update())
    if opt_out is None:
        raise NotFoundError(N_("There is no such opt-out, or you may not see it."), opt_out_id=opt_out_id)
    if opt_out.ended_at is None:
        end_opt_out(session, principal, opt_out, note, at)
        _tell(session, opt_out.number)
    return _shown(session, principal, [opt_out])[0]


def _tell(session: Session, number: str) -> None:
    """Pages that show the conversation with the number show the opt-out, or that it is over."""
    conversation = known_thread(session, number)
    if conversation is not None:
        tell_conversation(session, conversation)
