"""Figures beside a list of messages: by the same filter as the list, so that they add up to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.messaging.listing import MessageFilter, conditions
from callcenter.messaging.scope import message_scope
from callcenter.messaging.vocabulary import MessageState
from storage.database import Database
from storage.models import SmsGateway, SmsMessage
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


def _counts(session: Session, principal: Principal, wanted: MessageFilter) -> dict[str, Any]:
    statement = (
        select(_MESSAGE.state, func.count(), func.sum(_MESSAGE.parts), func.sum(_MESSAGE.cost))
        .where(message_scope(principal), *conditions(wanted))
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
