"""What a list of SMS messages can be narrowed to, as it stands in an address, and its columns in a file."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.messaging.messages.listing import MessageFilter
from callcenter.text import N_
from protocols.documented import said_in
from web.api.models import Cursor, Id, Limit
from web.call_filters import IdOrNobody, midnight
from web.exchange import Exchange
from web.exports import Column
from web.parsing import Day, Input, Moment, NumberPart
from web.sheet_cells import local_time
from web.words import MESSAGE_DIRECTIONS, MESSAGE_REASONS, MESSAGE_STATES, PURPOSES, word_of

StateWord = Literal[
    "queued",
    "sending",
    "accepted",
    "delivered",
    "failed",
    "unknown",
    "cancelled",
    "expired",
    "suppressed",
    "received",
]
PurposeWord = Literal["reply", "reminder", "care", "marketing", "notice", "test", "alarm"]


class MessageLimits(Input):
    """When a message was queued or came in: ``since`` and ``until`` are moments with a zone, the days are the
    hospital's, inclusive. ``sort=created_at`` begins with the oldest. ``gateway_id=0`` asks for messages without a
    gateway.
    """

    direction: Literal["in", "out"] | None = None
    state: StateWord | None = None
    purpose: PurposeWord | None = None
    reason: Annotated[str, Field(max_length=30)] | None = None
    number: NumberPart | None = None
    gateway_id: IdOrNobody | None = None
    patient_id: Id | None = None
    conversation_id: Id | None = None
    batch_id: Id | None = None
    created_by: Id | None = None
    since: Moment | None = None
    until: Moment | None = None
    from_day: Day | None = None
    to_day: Day | None = None
    sort: Annotated[str, Field(max_length=30)] = ""


class MessageQuery(MessageLimits):
    """A page of messages, newest first."""

    limit: Limit = 50
    cursor: Cursor | None = None


class MessageExport(MessageLimits):
    """Messages as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


def message_filter(limits: MessageLimits, zone: ZoneInfo) -> MessageFilter:
    """The filter for the service."""
    return MessageFilter(
        direction=limits.direction or "",
        state=limits.state or "",
        purpose=limits.purpose or "",
        reason=limits.reason or "",
        number=limits.number or "",
        gateway_id=limits.gateway_id,
        patient_id=limits.patient_id,
        conversation_id=limits.conversation_id,
        batch_id=limits.batch_id,
        created_by=limits.created_by,
        since=limits.since or midnight(limits.from_day, zone),
        until=limits.until or midnight(limits.to_day, zone, days_later=1),
    )


def message_columns(exchange: Exchange) -> list[Column]:
    """Every column, headed and filled in the language of whoever asks."""
    say, zone = exchange.translate, exchange.settings.time_zone
    return [
        Column(say(N_("Time")), lambda one: local_time(one["created_at"], zone), 20),
        Column(say(N_("Direction")), lambda one: word_of(MESSAGE_DIRECTIONS, one["direction"], say)),
        Column(say(N_("Number")), lambda one: one["number"]),
        Column(say(N_("Patient")), lambda one: (one["patient"] or {}).get("name", "")),
        Column(say(N_("Text")), lambda one: one["text"], 60),
        Column(say(N_("State")), lambda one: word_of(MESSAGE_STATES, one["state"], say)),
        Column(say(N_("Reason")), lambda one: word_of(MESSAGE_REASONS, one["reason"], say), 30),
        Column(say(N_("Reply of the gateway")), lambda one: said_in(say, one["reason_words"]), 30),
        Column(say(N_("Purpose")), lambda one: word_of(PURPOSES, one["purpose"], say)),
        Column(say(N_("Gateway")), lambda one: (one["gateway"] or {}).get("name", "")),
        Column(say(N_("Our number")), lambda one: one["left_by"]),
        Column(say(N_("Template")), lambda one: (one["template"] or {}).get("name", "")),
        Column(say(N_("Parts")), lambda one: one["parts"], 8),
        Column(say(N_("Cost")), lambda one: one["cost"] / 1000, 8),
        Column(say(N_("Sent by")), lambda one: (one["created_by"] or {}).get("name", "")),
        Column(say(N_("State since")), lambda one: local_time(one["state_at"], zone), 20),
    ]
