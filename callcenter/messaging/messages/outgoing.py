"""What people send to one person, as a service: previews, the message, and the texts to choose from."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.administration.resources import Resource
from callcenter.clock import iso, utc_now
from callcenter.crm.scope import patient_scope_clause
from callcenter.errors import InvalidError
from callcenter.messaging.conversations.scope import conversation_scope, missing
from callcenter.messaging.messages.composing import (
    Caution,
    House,
    fill_for,
    gaps_view,
    read_time,
    warnings_about,
)
from callcenter.messaging.messages.sending import Typed, purpose_in, require_asked, require_reach, send_first
from callcenter.messaging.messages.views import MessageView
from callcenter.messaging.mobiles import first_mobiles
from callcenter.messaging.rules.sending import load_rules
from callcenter.messaging.rules.suppression import judge, load_facts
from callcenter.messaging.texts.choosing import load_texts
from callcenter.messaging.texts.examples import preview_example
from callcenter.messaging.texts.placeholders import LONGEST_TEXT
from callcenter.messaging.texts.quoting import load_tariff
from callcenter.messaging.vocabulary import OF_THE_HOUSE, MessageState, Purpose, Reason
from callcenter.numbers import normalise
from callcenter.once import run_once
from callcenter.text import N_
from storage.database import Database
from storage.models import Conversation, Patient

T = TypeVar("T")
A = TypeVarTuple("A")


class OutgoingService:
    """Needs ``messages.send``, unless something else is said; patients are limited to those in reach."""

    def __init__(self, database: Database, clock: IReactorTime, house: House, templates: Resource) -> None:
        self._database = database
        self._clock = clock
        self._house = house
        self._templates = templates

    async def texts(self, principal: Principal) -> dict[str, Any]:
        """Templates and phrases in reach."""
        return await self._database.read(load_texts, principal, self._templates)

    async def preview(
        self,
        principal: Principal,
        text: str,
        purpose: Purpose | None = None,
        conversation_id: int | None = None,
        patient_id: int | None = None,
        number: str = "",
        at: datetime | None = None,
    ) -> dict[str, Any]:
        """What would be read, in how many parts, at what cost; when it would go, which is not before ``at``; what is
        missing in it and what to think about.

        Raises ``InvalidError`` like ``send``.
        """
        about = (conversation_id, patient_id, normalise(number, self._house.area_code).number)
        return await self._database.read(_preview, principal, text, purpose, about, at, self._house, self._now)

    async def example(self, principal: Principal, kind: str, text: str, purpose: Purpose) -> dict[str, Any]:
        """A text that is to be kept as one of ``kind``, filled in for a patient who is made up. Needs ``KIND.view``."""
        return await self._database.read(preview_example, principal, kind, text, purpose, self._house, self._now)

    async def send(
        self, principal: Principal, patient_id: int | None, number: str, typed: Typed, purpose: Purpose
    ) -> MessageView:
        """Write to one person, now or later."""
        principal.require("messages.send")
        if purpose in OF_THE_HOUSE:
            message = N_("Say what the message is for: a reminder, care, a notice or marketing.")
            raise InvalidError(message, {"purpose": message})
        return await run_once(
            self._database, send_first, principal, patient_id, number, typed, purpose, self._house, self._now
        )

    @property
    def _now(self) -> datetime:
        return utc_now(self._clock)


def _preview(
    session: Session,
    principal: Principal,
    text: str,
    purpose: Purpose | None,
    about: tuple[int | None, int | None, str],
    at: datetime | None,
    house: House,
    now: datetime,
) -> dict[str, Any]:
    conversation_id, patient_id, number = about
    gateway = None
    if conversation_id is not None:
        conversation = _conversation(session, principal, conversation_id)
        patient_id, number, gateway = conversation.patient_id, conversation.number, conversation.gateway_id
        purpose = purpose or purpose_in(session, conversation.id, now)
    else:
        if patient_id is None:
            principal.require("messages.send")
        else:
            _require_patient(session, principal, patient_id)
        if number:
            # What the rules say of a number tells whether its owner wrote or wants no texts.
            require_reach(session, principal, patient_id, number)
        elif patient_id is not None:
            number = first_mobiles(session, [patient_id]).get(patient_id, "")
    wanted = purpose or Purpose.CARE
    require_asked(session, wanted, number, now)
    filled = fill_for(session, principal, text[:LONGEST_TEXT], patient_id, house, now)
    verdict = _verdict(session, number, patient_id, wanted, read_time(at, now), now)
    quote = load_tariff(session).quote(number, wanted, filled.text, gateway)
    if quote.hopeless and verdict["goes"] != "never":
        verdict = _never(quote.hopeless)
    cautions = warnings_about(session, text, filled.text, wanted)
    if verdict["reason"] == Reason.OPTED_OUT.value:
        cautions.append(Caution.OPTED_OUT.value)
    return {
        "text": filled.text,
        "purpose": wanted.value,
        "missing": gaps_view(filled.gaps),
        "warnings": cautions,
        **verdict,
        **quote.view,
    }


def _verdict(
    session: Session, number: str, patient_id: int | None, purpose: Purpose, at: datetime | None, now: datetime
) -> dict[str, Any]:
    """What the rules would make of a message now: ``goes`` at once, later (``goes_at``) or never, and why."""
    if not number:
        return _never(Reason.BAD_NUMBER)
    rules, begins = load_rules(session), at or now
    facts = load_facts(session, [(number, patient_id)], rules, now)
    verdict = judge(rules, facts, number, patient_id, purpose, begins, rules.expiry(None, begins))
    if verdict.state is not MessageState.QUEUED:
        return _never(verdict.reason)
    reason = verdict.reason or (Reason.NOT_BEFORE if at else "")
    return {"goes": "later" if reason else "now", "goes_at": iso(verdict.next_at), "reason": str(reason)}


def _never(reason: str) -> dict[str, Any]:
    return {"goes": "never", "goes_at": None, "reason": str(reason)}


def _conversation(session: Session, principal: Principal, conversation_id: int) -> Conversation:
    found = session.scalar(
        select(Conversation).where(Conversation.id == conversation_id, conversation_scope(principal))
    )
    if found is None:
        raise missing(conversation_id)
    return found


def _require_patient(session: Session, principal: Principal, patient_id: int) -> None:
    reached = select(Patient.id).where(Patient.id == patient_id, patient_scope_clause(principal))
    if session.scalar(reached) is None:
        message = N_("There is no such patient.")
        raise InvalidError(message, {"patient_id": message})
