"""The hospital's rules for the SMS desk: what a stop word stops, and when nobody is there to answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.orm import Session

from storage.models import MessagingRules as RulesRow

ROW = 1
KEY = "desk"


def _clock(text: str) -> str:
    time.fromisoformat(text)
    if len(text) != len("08:00"):
        raise ValueError("HH:MM")
    return text


ClockTime = Annotated[str, Field(max_length=5), AfterValidator(_clock)]


class DeskRules(BaseModel):
    """Kept as JSON under ``desk`` in the one row of ``messaging_rules``.

    A stop word stops messages of ``opt_out_kind``. Nobody is there outside ``staffed_from`` to ``staffed_to`` on the
    hospital's clock and on days that are not among ``days`` (1 is Monday). A number is answered by itself at most once
    in ``auto_reply_hours``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    opt_out_kind: Literal["care", "marketing", "all"] = "all"
    auto_reply_hours: int = Field(default=12, ge=1, le=24 * 7)
    staffed_from: ClockTime = "08:00"
    staffed_to: ClockTime = "17:30"
    days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)

    def is_staffed(self, moment: datetime, time_zone: str) -> bool:
        """Whether somebody is there to answer."""
        local = moment.astimezone(ZoneInfo(time_zone))
        clock = local.strftime("%H:%M")
        return local.isoweekday() in self.days and self.staffed_from <= clock < self.staffed_to


DEFAULTS = DeskRules()


def load_desk_rules(session: Session) -> DeskRules:
    """The rules that hold now; what is not understood any more has its default."""
    row = session.get(RulesRow, ROW)
    kept: Mapping[str, Any] = {} if row is None else (row.rules or {}).get(KEY) or {}
    try:
        return DeskRules.model_validate(kept)
    except ValidationError:
        return DEFAULTS
