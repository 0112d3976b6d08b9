"""Figures beside a list of messages: by the same filter as the list, so that they add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.crm.scope import patient_scope_clause
from callcenter.messaging.messages.listing import MessageFilter, conditions
from callcenter.messaging.messages.scope import message_scope
from callcenter.messaging.vocabulary import MessageState
from callcenter.naming import named
from storage.database import Database
from storage.models import Patient, SmsGateway, SmsMessage, UserAccount
from storage.models.base import table_of

_MESSAGE = table_of(SmsMessage).c


class MessageFigures:
    """Needs ``messages.view``; limited to the data scope."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def counts(self, principal: Principal, wanted: MessageFilter) -> dict[str, Any]:
        """``all`` messages of the filter in reach, ``states`` with how many are where, ``parts`` and ``cost``."""
        return await self._database.read(_counts, principal, wanted)

    async def gateways(self, principal: Principal) -> Sequence[dict[str, Any]]:
        """Every gateway there is or was, by name, to narrow a list to one of them."""
        principal.require("messages.view")
        return await self._database.read(_gateways)

    async def writers(self, principal: Principal) -> Sequence[dict[str, Any]]:
        """Who has written messages, by name, to narrow a list to one of them: of the own department, and oneself, for
        whoever does not see all messages.
        """
        principal.require("messages.view")
        return await self._database.read(_writers, principal)

    async def patient(self, principal: Principal, patient_id: int) -> dict[str, Any] | None:
        """Id and name of the patient to whom a list is narrowed; None for one that ``patients.view`` does not reach."""
        return await self._database.read(_patient, principal, patient_id) if principal.may("patients.view") else None


def _counts(session: Session, principal: Principal, wanted: MessageFilter) -> dict[str, Any]:
    statement = (
        select(_MESSAGE.state, func.count(), func.sum(_MESSAGE.parts), func.sum(_MESSAGE.cost))
        .where(message_scope(principal), *conditions(principal, wanted))
        .group_by(_MESSAGE.state)
    )
    found = {state: (count, parts or 0, cost or 0) for state, count, parts, cost in session.execute(statement)}
    return {
        "all": sum(count for count, _, _ in found.values()),
        "states": {state.value: found[state.value][0] for state in MessageState if state.value in found},
        "parts": int(sum(parts for _, parts, _ in found.values())),
        "cost": int(sum(cost for _, _, cost in found.values())),
    }


def _gateways(session: Session) -> Sequence[dict[str, Any]]:
    found = session.execute(select(SmsGateway.id, SmsGateway.name).order_by(SmsGateway.name))
    return [{"id": key, "name": name} for key, name in found]


def _writers(session: Session, principal: Principal) -> Sequence[dict[str, Any]]:
    wrote = select(_MESSAGE.id).where(_MESSAGE.created_by == UserAccount.id).correlate(UserAccount).exists()
    statement = select(UserAccount.id, UserAccount.display_name).where(wrote)
    scope = principal.require("messages.view")
    if scope is not Scope.ALL:
        mine = UserAccount.id == principal.user_id
        department = principal.department_id if scope is Scope.DEPARTMENT else None
        statement = statement.where(mine if department is None else or_(mine, UserAccount.department_id == department))
    found = session.execute(statement.order_by(UserAccount.display_name, UserAccount.id))
    return [{"id": key, "name": name} for key, name in found]


def _patient(session: Session, principal: Principal, patient_id: int) -> dict[str, Any] | None:
    here = Patient.id == patient_id, patient_scope_clause(principal)
    found = session.execute(select(Patient.id, Patient.name).where(*here)).one_or_none()
    return None if found is None else named(*found)
