"""The totals of messages in words: what each figure is, and the columns of their file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from callcenter.messaging.messages.totals import STATES
from callcenter.text import N_
from web.exchange import Exchange
from web.exports import Column
from web.words import MESSAGE_STATES, word_of

DEFINITIONS: Mapping[str, str] = {
    "total": N_("All outgoing messages that were queued on this day, whatever became of them. Counted by itself."),
    "queued": N_("In the queue: for their time, for quiet hours to end, for a gateway."),
    "sending": N_("Handed to the gateway, which has not answered yet."),
    "accepted": N_("The gateway took it; no receipt has come so far. Some gateways send none."),
    "delivered": N_("A receipt says that the phone has it."),
    "failed": N_("Refused by the gateway, or no gateway can send all of it, or a receipt says that it did not arrive."),
    "unknown": N_("It may have gone out or not: the gateway did not answer, and no receipt came."),
    "cancelled": N_("Taken out of the queue by a person."),
    "expired": N_("Its time was over before it could leave."),
    "suppressed": N_("A rule forbids it: opt-out, do not contact, no usable number, too late."),
    "parts": N_("Short messages that these were cut into, as gateways count and charge them."),
    "cost": N_("What the parts cost that went out or may have, by the prices of their gateways."),
}
"""What each figure is, by the name of its column."""


def total_label(name: str, say: Callable[[str], str]) -> str:
    """What stands over the column ``name``."""
    labels = {"total": N_("In all"), "parts": N_("Parts"), "cost": N_("Cost")}
    return say(labels[name]) if name in labels else word_of(MESSAGE_STATES, name, say)


def gateway_label(entry: Mapping[str, Any], say: Callable[[str], str]) -> str:
    """The gateway of a row."""
    return say(N_("No gateway")) if entry["gateway"] is None else entry["gateway"]["name"]


def total_columns(exchange: Exchange) -> list[Column]:
    """Day, gateway, the total and the states that make it up, what is missing between them, parts and cost."""
    say = exchange.translate
    return [
        Column(say(N_("Day")), lambda one: one["day"], 12),
        Column(say(N_("Gateway")), lambda one: gateway_label(one, say)),
        Column(total_label("total", say), lambda one: one["total"], 10),
        *(Column(total_label(name, say), _state(name), 10) for name in STATES),
        Column(say(N_("Difference")), lambda one: one["difference"], 10),
        Column(total_label("parts", say), lambda one: one["parts"], 10),
        Column(total_label("cost", say), lambda one: one["cost"] / 1000, 10),
    ]


def _state(name: str) -> Callable[[Mapping[str, Any]], int]:
    return lambda one: one["states"][name]
