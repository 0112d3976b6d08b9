"""What a list of messages can be narrowed to, for page and export alike; and the columns of its export."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.messaging.listing import MessageFilter
from callcenter.text import N_
from web.api.models import Id
from web.call_filters import midnight
from web.call_sheet import local_time
from web.exchange import Exchange
from web.exports import Column
from web.parsing import Input
from web.words import CODES, word_of

State = Literal[
    "queued", "sending", "accepted", "delivered", "failed", "unknown", "cancelled", "expired", "suppressed", "received"
]
Purposes = Literal["reply", "reminder", "care", "marketing", "notice", "test"]


class MessageLimits(Input):
    """``from_day`` and ``to_day`` are days of the hospital on which it was written or came in, inclusive.

    ``number`` is digits of one; ``sort`` is ``created_at``, with ``-`` before it to turn it round.
    """

    direction: Literal["", "in", "out"] = ""
    state: State | None = None
    purpose: Purposes | None = None
    number: Annotated[str, Field(max_length=40)] = ""
    gateway_id: Id | None = None
    patient_id: Id | None = None
    created_by: Id | None = None
    batch_id: Id | None = None
    from_day: date | None = None
    to_day: date | None = None
    sort: Annotated[str, Field(max_length=30)] = ""


def message_filter(limits: MessageLimits, zone: ZoneInfo) -> MessageFilter:
    """The filter for the service; ``zone`` is the hospital's."""
    return MessageFilter(
        direction=limits.direction,
        state=limits.state or "",
        purpose=limits.purpose or "",
        number=limits.number,
        gateway_id=limits.gateway_id,
        patient_id=limits.patient_id,
        created_by=limits.created_by,
        batch_id=limits.batch_id,
        since=midnight(limits.from_day, zone),
        until=midnight(limits.to_day, zone, days_later=1),
    )


def message_columns(exchange: Exchange) -> list[Column]:
    """Every column, headed and filled in the language of whoever asks."""
    say, zone, words = exchange.translate, exchange.settings.time_zone, CODES["message"]

    def named(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda message: (message[name] or {}).get("name", "")

    def word(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda message: word_of(words[name], message[name], say)

    def time(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda message: local_time(message[name], zone)

    return [
        Column(say(N_("Written")), time("created_at"), 20),
        Column(say(N_("Direction")), word("direction"), 10),
        Column(say(N_("Phone number")), lambda message: message["number"], 20),
        Column(say(N_("Patient")), named("patient")),
        Column(say(N_("Text")), lambda message: message["text"], 60),
        Column(say(N_("Purpose")), word("purpose"), 12),
        Column(say(N_("State")), word("state"), 12),
        Column(say(N_("Reason")), word("reason"), 24),
        Column(say(N_("The gateway's words")), lambda message: message["reason_words"], 24),
        Column(say(N_("State since")), time("state_at"), 20),
        Column(say(N_("Written by")), named("created_by")),
        Column(say(N_("Gateway")), named("gateway")),
        Column(say(N_("Parts")), lambda message: message["parts"], 8),
        Column(say(N_("Cost")), lambda message: message["cost"] / 1000, 8),
    ]
