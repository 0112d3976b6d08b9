"""The hospital's rules of sending: when, how often, and what is done about a doubt. Pure, but for loading them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from callcenter.messaging.rules.clock_times import TimeOfDay, minutes_of
from callcenter.messaging.rules.row import ROW, KeptRules
from callcenter.messaging.vocabulary import Purpose
from storage.models import MessagingRules
from storage.models.base import table_of
from storage.prepared import Prepared

LONGEST_AHEAD = timedelta(days=90)
"""So long before it is to go a message can be written."""
_ROW = table_of(MessagingRules).c
_KEPT = Prepared(select(type_coerce(_ROW.rules, Text).label("kept")).where(_ROW.id == ROW))


def _zone(name: str) -> str:
    ZoneInfo(name)
    return name


class SendingRules(BaseModel):
    """Kept as JSON in the one row of ``messaging_rules``.

    Purposes of ``waiting`` are sent from ``opens`` to ``closes`` on the hospital's clock only. A number gets at most
    ``daily_cap`` messages of the purposes ``capped`` a day (0: any number). A message expires ``expire_hours`` after it
    was queued unless it says when. One whose fate is unknown waits ``late_minutes`` for a late receipt; then it is sent
    again if its purpose is in ``resent``. ``time_zone`` is the configuration's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    opens: TimeOfDay = "08:00"
    closes: TimeOfDay = "20:00"
    waiting: tuple[Purpose, ...] = (Purpose.REMINDER, Purpose.CARE, Purpose.MARKETING)
    daily_cap: int = Field(default=5, ge=0, le=1000)
    capped: tuple[Purpose, ...] = (Purpose.REMINDER, Purpose.CARE, Purpose.MARKETING)
    expire_hours: int = Field(default=48, ge=1, le=24 * 30)
    late_minutes: int = Field(default=30, ge=1, le=24 * 60)
    resent: tuple[Purpose, ...] = (Purpose.REPLY, Purpose.REMINDER, Purpose.ALARM)
    time_zone: Annotated[str, Field(max_length=60), AfterValidator(_zone)] = "Asia/Shanghai"

    def opening(self, purpose: Purpose, moment: datetime) -> datetime:
        """``moment`` if ``purpose`` may be sent then, else the next moment when it may, in the hospital's zone."""
        if purpose not in self.waiting or self.opens == self.closes:
            return moment
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return moment if self._open_at(local) else self._next_opening(local)

    def tomorrow(self, purpose: Purpose, moment: datetime) -> datetime:
        """The first moment of the next day when ``purpose`` may be sent."""
        return self.opening(purpose, self.day(moment) + timedelta(days=1))

    def day(self, moment: datetime) -> datetime:
        """The first moment of the hospital's day, in the hospital's zone."""
        local = moment.astimezone(ZoneInfo(self.time_zone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)

    def expiry(self, asked: datetime | None, begins: datetime) -> datetime:
        """After which moment a message is not sent any more."""
        return asked or begins + timedelta(hours=self.expire_hours)

    def resend_at(self, purpose: Purpose, moment: datetime) -> datetime | None:
        """When a message whose fate is unknown since ``moment`` is sent again; None: never."""
        return moment + timedelta(minutes=self.late_minutes) if purpose in self.resent else None

    def _open_at(self, local: datetime) -> bool:
        now, opens, closes = (local.hour * 60 + local.minute, minutes_of(self.opens), minutes_of(self.closes))
        if opens < closes:
            return opens <= now < closes
        # Over midnight.
        return now >= opens or now < closes

    def _next_opening(self, local: datetime) -> datetime:
        opens = minutes_of(self.opens)
        today = self.day(local) + timedelta(hours=opens // 60, minutes=opens % 60)
        return today if today > local else today + timedelta(days=1)


SENDING = KeptRules(SendingRules)


def load_rules(session: Session) -> SendingRules:
    """The rules that hold now; see ``KeptRules.read``."""
    session.flush()
    return _read_text(_KEPT.scalar(session, {}) or "{}")


@lru_cache(8)
def _read_text(kept: str) -> SendingRules:
    # They are asked for in each transaction of the SMS centre, and change once in a while.
    return SENDING.read(json.loads(kept))
