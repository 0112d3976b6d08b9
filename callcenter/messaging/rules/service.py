"""The rules of sending as a service: read, and changed with an audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.administration.writing import NOT_ACCEPTED, read_version
from callcenter.clock import utc_now
from callcenter.errors import InvalidError
from callcenter.messaging.rules.row import locked_rules
from callcenter.messaging.rules.sending import SENDING
from callcenter.text import N_
from storage.database import Database

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
        return await self._database.read(SENDING.show)

    async def change(self, principal: Principal, values: Mapping[str, Any], version: Any) -> dict[str, Any]:
        """Change the rules that ``values`` names; they hold from the next message on. Needs ``messaging_rules.edit``.

        Raises InvalidError naming each that is wrong, and ConflictError when they were changed since ``version``.
        """
        principal.require("messaging_rules.edit")
        if _ZONE in values:
            raise InvalidError(NOT_ACCEPTED, {_ZONE: N_("This is set in the configuration file and changed there.")})
        now = utc_now(self._clock)
        return await self._database.run(SENDING.change, principal, dict(values), read_version(version), now)


def _set_zone(session: Session, time_zone: str) -> None:
    row = locked_rules(session)
    if (row.rules or {}).get(_ZONE) != time_zone:
        row.rules = {**(row.rules or {}), _ZONE: time_zone}
