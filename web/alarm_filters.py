"""What the list of alarms can be narrowed to, as it stands in an address, and its columns in a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.alarms.service import AlarmFilter
from callcenter.text import N_, translated
from protocols.sayings import said_again
from web.api.models import Cursor, Id, Limit
from web.call_filters import midnight
from web.exchange import Exchange
from web.exports import Column
from web.parsing import Day, Input
from web.sheet_cells import local_time
from web.words import ALARM_KINDS, word_of

Kind = Literal[
    "line_lost", "numberless", "gateway_down", "gateway_passed_over", "gateway_full", "queue_stuck", "balance_low",
    "sending_halted", "unanswered", "caller_left",
]  # fmt: skip


class AlarmLimits(Input):
    """Alarms opened on days of the hospital, both inclusive; ``sort=opened_at`` begins with the oldest."""

    kind: Kind | None = None
    line_id: Id | None = None
    handled: bool | None = None
    from_day: Day | None = None
    to_day: Day | None = None
    sort: Annotated[str, Field(max_length=30)] = ""


class AlarmQuery(AlarmLimits):
    """A page of alarms, newest first."""

    limit: Limit = 50
    cursor: Cursor | None = None


class AlarmExport(AlarmLimits):
    """Alarms as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


def alarm_filter(limits: AlarmLimits, zone: ZoneInfo) -> AlarmFilter:
    """The filter for the service."""
    return AlarmFilter(
        kind=limits.kind or "",
        line_id=limits.line_id,
        handled=limits.handled,
        since=midnight(limits.from_day, zone),
        until=midnight(limits.to_day, zone, days_later=1),
    )


def reason_words(exchange: Exchange, thing: Mapping[str, Any]) -> str:
    """Why, in the reader's language where the program said it; what people or devices wrote as it is."""
    reason = said_again(thing["reason_said"], thing["reason"])
    return translated(exchange.translate, reason) if reason is not thing["reason"] else reason


def alarm_columns(exchange: Exchange) -> list[Column]:
    """Every column, headed and filled in the language of whoever asks."""
    say, zone = exchange.translate, exchange.settings.time_zone
    return [
        Column(say(N_("Opened at")), lambda alarm: local_time(alarm["opened_at"], zone), 20),
        Column(say(N_("Kind")), lambda alarm: word_of(ALARM_KINDS, alarm["kind"], say)),
        Column(say(N_("Line")), lambda alarm: (alarm["line"] or {}).get("name", "")),
        Column(say(N_("Gateway")), lambda alarm: (alarm["gateway"] or {}).get("name", "")),
        Column(say(N_("SMS to many")), lambda alarm: alarm["batch_id"] or "", 10),
        Column(say(N_("Reason")), lambda alarm: reason_words(exchange, alarm), 40),
        Column(say(N_("Times")), lambda alarm: alarm["times"], 8),
        Column(say(N_("Over since")), lambda alarm: local_time(alarm["cleared_at"], zone), 20),
        Column(say(N_("Dealt with at")), lambda alarm: local_time(alarm["handled_at"], zone), 20),
        Column(say(N_("Dealt with by")), lambda alarm: (alarm["handled_by"] or {}).get("name", "")),
        Column(say(N_("What was done")), lambda alarm: alarm["note"], 40),
    ]
