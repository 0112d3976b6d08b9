"""The hospital's rules for the SMS desk: what a stop word stops, and when nobody is there to answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.clock import utc_now
from callcenter.messaging.rules.clock_times import END_OF_DAY, MIDNIGHT, ClockTime, TimeOfDay
from callcenter.messaging.rules.row import KeptRules
from storage.database import Database

_DAYS_LOOKED_BACK = 366


class DeskRules(BaseModel):
    """Kept as JSON under ``desk`` in the one row of ``messaging_rules``.

    A stop word stops messages of ``opt_out_kind``: all of the hospital's, or with ``opt_out_scope`` signature those
    that bear the signature of the gateway by which it came. Somebody is there from ``staffed_from`` on the hospital's
    clock on each of ``days`` (1 is Monday) until ``staffed_to``, which is on the next day where it is not later: a
    night belongs to the day on which it begins, and the same time twice is a whole day. A number is answered by itself
    at most once in ``auto_reply_hours``. Whoever waits for an answer for ``answer_minutes``, of which those count in
    which somebody is there, opens an alarm (0: nobody does).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    opt_out_kind: Literal["care", "marketing", "all"] = "all"
    opt_out_scope: Literal["hospital", "signature"] = "hospital"
    auto_reply_hours: int = Field(default=12, ge=1, le=24 * 7)
    answer_minutes: int = Field(default=30, ge=0, le=24 * 60)
    staffed_from: ClockTime = "08:00"
    staffed_to: TimeOfDay = "17:30"
    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)

    @field_validator("staffed_to")
    @classmethod
    def _one_midnight(cls, staffed_to: str) -> str:
        return MIDNIGHT if staffed_to == END_OF_DAY else staffed_to

    def is_staffed(self, moment: datetime, time_zone: str) -> bool:
        """Whether somebody is there to answer."""
        zone = ZoneInfo(time_zone)
        today = moment.astimezone(zone).date()
        shifts = (self._shift(day, zone) for day in (today, today - timedelta(days=1)))
        return any(opened <= moment < closed for opened, closed in shifts)

    def staffed_since(self, length: timedelta, until: datetime, time_zone: str) -> datetime | None:
        """Since when somebody has been there for ``length`` in all until ``until``; None: not within a year.

        The latest such moment, so that a night in which nobody was there lies before it.
        """
        zone, left = ZoneInfo(time_zone), length
        day = until.astimezone(zone).date()
        for _ in range(_DAYS_LOOKED_BACK):
            opened, closed = self._shift(day, zone)
            there = min(closed, until) - opened
            if there > timedelta(0):
                if there >= left:
                    return min(closed, until) - left
                left -= there
            day -= timedelta(days=1)
        return None

    def _shift(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From when to when somebody is there who comes on ``day``; on a day on which nobody does, no time at all."""
        opened = self._moment(day, self.staffed_from, zone)
        if day.isoweekday() not in self.days:
            return opened, opened
        ends = day if self.staffed_to > self.staffed_from else day + timedelta(days=1)
        return opened, self._moment(ends, self.staffed_to, zone)

    @staticmethod
    def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
        # Of two moments of one zone Python compares what the clocks show, which are set twice a year.
        return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)


DESK = KeptRules(DeskRules, "desk")


def load_desk_rules(session: Session) -> DeskRules:
    """The rules that hold now; see ``KeptRules.read``."""
    return DESK.load(session)


class DeskRuleService:
    """The rules of the desk: read with ``messaging_rules.view``, changed with ``messaging_rules.edit``, audited."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock

    async def get(self, principal: Principal) -> dict[str, Any]:
        """The rules by name, with ``version``."""
        principal.require("messaging_rules.view")
        return await self._database.read(DESK.show)

    async def change(self, principal: Principal, values: Mapping[str, Any], version: int) -> dict[str, Any]:
        """Put ``values`` in the place of the rules they name; they hold from the next text on.

        Raises ``InvalidError`` naming what is wrong, ``ConflictError`` when the rules have another version by now.
        """
        principal.require("messaging_rules.edit")
        return await self._database.run(DESK.change, principal, dict(values), version, utc_now(self._clock))
