"""The columns of exported call records."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.text import N_
from web.exchange import Exchange
from web.exports import Column

STATES = {
    "ringing": N_("Ringing"),
    "dialling": N_("Dialling"),
    "talking": N_("Talking"),
    "ended": N_("Ended"),
}
DIRECTIONS = {"in": N_("Incoming"), "out": N_("Outgoing")}


def local_time(value: str | None, zone: ZoneInfo) -> str:
    """A moment as the hospital's clock shows it, to the second; empty for none."""
    return "" if not value else datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def talk_seconds(call: dict[str, Any]) -> int | None:
    """How long was spoken, None where nobody answered or it goes on."""
    if not call["answered_at"] or not call["ended_at"]:
        return None
    spoken = datetime.fromisoformat(call["ended_at"]) - datetime.fromisoformat(call["answered_at"])
    return int(spoken.total_seconds())


def call_columns(exchange: Exchange) -> list[Column]:
    """Every column, headed in the language of whoever asks."""
    say, zone = exchange.translate, exchange.settings.time_zone
    return [
        Column(say(N_("Began")), lambda call: local_time(call["started_at"], zone), 20),
        Column(say(N_("Direction")), lambda call: say(DIRECTIONS[call["direction"]]), 10),
        Column(say(N_("Phone number")), lambda call: call["number"], 20),
        Column(say(N_("Region")), lambda call: call["region_en" if exchange.locale == "en" else "region"]),
        Column(say(N_("Patient")), lambda call: (call["patient"] or {}).get("name", "")),
        Column(say(N_("Record number")), lambda call: (call["patient"] or {}).get("record_number", "")),
        Column(say(N_("Line")), lambda call: call["line"]["name"]),
        Column(say(N_("Agent")), lambda call: (call["agent"] or {}).get("name", "")),
        Column(say(N_("State")), lambda call: say(STATES[call["state"]]), 10),
        Column(say(N_("Answered")), lambda call: local_time(call["answered_at"], zone), 20),
        Column(say(N_("Ended")), lambda call: local_time(call["ended_at"], zone), 20),
        Column(say(N_("Talk time (s)")), talk_seconds, 12),
        Column(say(N_("Outcome")), lambda call: call["outcome"]),
        Column(say(N_("Notes")), lambda call: call["notes"], 40),
        Column(say(N_("Call back at")), lambda call: local_time(call["call_back_at"], zone), 20),
    ]
