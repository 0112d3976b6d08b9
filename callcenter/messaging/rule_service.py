"""The rules of sending as a service: read, and changed with an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.writing import CHANGED_MEANWHILE, NOT_ACCEPTED, read_version
from callcenter.clock import utc_now
from callcenter.errors import ConflictError, InvalidError
from callcenter.messaging.rules import ROW, SendingRules, load_rules, read_kept
from callcenter.telephony.line_options import problem_words
from callcenter.text import N_
from storage.database import Database
from storage.models import MessagingRules

_ZONE = "time_zone"


class RuleService:
    """``time_zone`` is the configuration's; it is written to the rules at the start, and changed nowhere else."""

    def __init__(self, database: Database, clock: IReactorTime, time_zone: str) -> None:
        self._database = database
        self._clock = clock
        self._time_zone = time_zone

    async def start(self) -> None:
        """Have the rules follow the hospital's clock."""
        await self._database.run(_set_zone, self._time_zone)

    async def get(self, principal: Principal) -> dict[str, Any]:
        """The rules by name, with ``version``. Needs ``messaging_rules.view``."""
        principal.require("messaging_rules.view")
        return await self._database.read(_show)

    async def change(self, principal: Principal, values: Mapping[str, Any], version: Any) -> dict[str, Any]:
        """Change the rules that ``values`` names; they hold from the next message on. Needs ``messaging_rules.edit``.

        Raises InvalidError naming each that is wrong, and ConflictError when they were changed since ``version``.
        """
        principal.require("messaging_rules.edit")
        if _ZONE in values:
            raise InvalidError(NOT_ACCEPTED, {_ZONE: N_("This stands in the configuration file and is changed there.")})
        return await self._database.run(_change, principal, dict(values), read_version(version), utc_now(self._clock))


def _row(session: Session) -> MessagingRules:
    row = session.scalar(select(MessagingRules).where(MessagingRules.id == ROW).with_for_update())
    if row is None:
        row = MessagingRules(id=ROW, rules={}, version=1)
        session.add(row)
        session.flush()
    return row


def _set_zone(session: Session, time_zone: str) -> None:
    row = _row(session)
    if (row.rules or {}).get(_ZONE) != time_zone:
        row.rules = {**(row.rules or {}), _ZONE: time_zone}


def _show(session: Session) -> dict[str, Any]:
    row = session.get(MessagingRules, ROW)
    return load_rules(session).model_dump(mode="json") | {"version": 1 if row is None else row.version}


def _change(
    session: Session, principal: Principal, values: dict[str, Any], version: int, now: datetime
) -> dict[str, Any]:
    row = _row(session)
    before = read_kept(row.rules or {})
    if row.version != version:
        raise ConflictError(CHANGED_MEANWHILE, current=before.model_dump(mode="json") | {"version": row.version})
    try:
        after = SendingRules.model_validate({**before.model_dump(), **values})
    except ValidationError as error:
        raise InvalidError(NOT_ACCEPTED, problem_words(error)) from None
    # The SMS desk keeps its own rules beside these.
    row.rules = {**(row.rules or {}), **after.model_dump(mode="json")}
    row.version += 1
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    record_audit(session, principal, "edit", "messaging_rules", ROW, old, new, now)
    return new | {"version": row.version}
