"""The rules of the SMS desk through the API: what a stop word stops, and when somebody is there to answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from web.exchange import Exchange, Json, Reply
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")

ClockTime = Annotated[str, Field(max_length=5)]
Day = Annotated[int, Field(ge=1, le=7)]


class DeskRules(BaseModel):
    """``days``: 1 is Monday. ``staffed_to`` is on the next day where it is not later than ``staffed_from``."""

    opt_out_kind: Literal["care", "marketing", "all"]
    opt_out_scope: Literal["hospital", "signature"]
    auto_reply_hours: int
    answer_minutes: int
    staffed_from: str
    staffed_to: str
    days: list[int]
    version: int


class DeskRuleChange(Input):
    """The rules to change; what is left out stays. ``version`` is the one that was seen. ``staffed_to`` may be 24:00,
    which is kept as 00:00.
    """

    version: int
    opt_out_kind: Literal["care", "marketing", "all"] | None = None
    opt_out_scope: Literal["hospital", "signature"] | None = None
    auto_reply_hours: Annotated[int, Field(ge=1, le=168)] | None = None
    answer_minutes: Annotated[int, Field(ge=0, le=1440)] | None = None
    staffed_from: ClockTime | None = None
    staffed_to: ClockTime | None = None
    days: Annotated[list[Day], Field(max_length=7)] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What is to be changed."""
        values = self.model_dump(exclude={"version"}, exclude_unset=True)
        return {name: value for name, value in values.items() if value is not None}


@routes.get("/desk-rules", permission="messaging_rules.view", returns=DeskRules)
async def show_rules(exchange: Exchange) -> Reply:
    """The rules."""
    return Json(await exchange.services.desk.rules.get(exchange.principal))


@routes.patch("/desk-rules", permission="messaging_rules.edit", returns=DeskRules)
async def change_rules(exchange: Exchange, body: DeskRuleChange) -> Reply:
    """Change them; they hold from the next text on."""
    return Json(await exchange.services.desk.rules.change(exchange.principal, body.said, body.version))
