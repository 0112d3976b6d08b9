"""The columns of exported call records."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from callcenter.text import N_
from web.exchange import Exchange
from web.exports import Column
from web.words import CODES, word_of


def local_time(value: str | None, zone: ZoneInfo) -> str:
    """A moment as the hospital's clock shows it, to the second; empty for none."""
    return "" if not value else datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def talk_seconds(call: Mapping[str, Any]) -> int | None:
    """How long was spoken, None where nobody answered or it goes on."""
    if not call["answered_at"] or not call["ended_at"]:
        return None
    spoken = datetime.fromisoformat(call["ended_at"]) - datetime.fromisoformat(call["answered_at"])
    return int(spoken.total_seconds())


def _taker(call: Mapping[str, Any]) -> str:
    """To whom the call was given: the agent, else the number; empty for most."""
    taker = call["transferred_to"] or {}
    return (taker.get("agent") or {}).get("name") or taker.get("number", "")


async def outcome_words(exchange: Exchange) -> dict[str, str]:
    """Code → label in the reader's language, in order, disabled ones too; none for whoever may not see calls."""
    if not exchange.principal.may("calls.view"):
        return {}
    label = "label_en" if exchange.locale == "en" else "label_zh"
    found = await exchange.services.telephony.calls.outcomes(exchange.principal, disabled=True)
    return {outcome["code"]: outcome[label] for outcome in found}


def call_columns(exchange: Exchange, outcomes: Mapping[str, str]) -> list[Column]:
    """Every column, headed and filled in the language of whoever asks; ``outcomes`` has the words of the outcomes."""
    say, zone = exchange.translate, exchange.settings.time_zone

    def word(name: str) -> Callable[[Mapping[str, Any]], str]:
        words = CODES["call"][name]
        return lambda call: word_of(words, call[name], say)

    def time(name: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda call: local_time(call[name], zone)

    region = "region_en" if exchange.locale == "en" else "region"
    return [
        Column(say(N_("Began")), time("started_at"), 20),
        Column(say(N_("Direction")), word("direction"), 10),
        Column(say(N_("Phone number")), lambda call: call["number"] or word("number_absent")(call), 20),
        Column(say(N_("Region")), lambda call: call[region]),
        Column(say(N_("Patient")), lambda call: (call["patient"] or {}).get("name", "")),
        Column(say(N_("Record number")), lambda call: (call["patient"] or {}).get("record_number", "")),
        Column(say(N_("Line")), lambda call: call["line"]["name"]),
        Column(say(N_("Agent")), lambda call: (call["agent"] or {}).get("name", "")),
        Column(say(N_("State")), word("state"), 10),
        Column(say(N_("Answered at")), time("answered_at"), 20),
        Column(say(N_("Certainty of the answer")), word("certainty"), 14),
        Column(say(N_("Ended at")), time("ended_at"), 20),
        Column(say(N_("How it ended")), word("end_reason"), 16),
        Column(say(N_("Talk time (s)")), talk_seconds, 12),
        Column(say(N_("On hold (s)")), lambda call: call["hold_seconds"] or None, 12),
        Column(say(N_("Transferred to")), _taker),
        Column(say(N_("Missed")), lambda call: say(N_("yes") if call["missed"] else N_("no")), 8),
        Column(say(N_("Wrap-up")), word("wrap_up"), 12),
        Column(say(N_("Outcome")), lambda call: outcomes.get(call["outcome"], call["outcome"])),
        Column(say(N_("Notes")), lambda call: call["notes"], 40),
        Column(say(N_("Call back at")), time("call_back_at"), 20),
    ]
