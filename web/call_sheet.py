"""The columns of exported call records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from callcenter.text import N_
from web.exchange import Exchange
from web.exports import Column
from web.sheet_cells import Cells
from web.words import yes_no


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
    say, cells = exchange.translate, Cells.of(exchange, "call")
    number_absent = cells.word("number_absent")
    region = "region_en" if exchange.locale == "en" else "region"
    return [
        Column(say(N_("Started at")), cells.time("started_at"), 20),
        Column(say(N_("Direction")), cells.word("direction"), 10),
        Column(say(N_("Phone number")), lambda call: call["number"] or number_absent(call), 20),
        Column(say(N_("Region")), lambda call: call[region]),
        Column(say(N_("Patient")), cells.named("patient")),
        Column(say(N_("Record number")), lambda call: (call["patient"] or {}).get("record_number", "")),
        Column(say(N_("Line")), lambda call: call["line"]["name"]),
        Column(say(N_("Agent")), cells.named("agent")),
        Column(say(N_("State")), cells.word("state"), 10),
        Column(say(N_("Answered at")), cells.time("answered_at"), 20),
        Column(say(N_("Certainty of the answer")), cells.word("certainty"), 14),
        Column(say(N_("Ended at")), cells.time("ended_at"), 20),
        Column(say(N_("How it ended")), cells.word("end_reason"), 16),
        Column(say(N_("Talk time (s)")), talk_seconds, 12),
        Column(say(N_("On hold (s)")), lambda call: call["hold_seconds"] or None, 12),
        Column(say(N_("Transferred to")), _taker),
        Column(say(N_("Missed")), lambda call: yes_no(call["missed"], say), 8),
        Column(say(N_("Wrap-up")), cells.word("wrap_up"), 12),
        Column(say(N_("Outcome")), lambda call: outcomes.get(call["outcome"], call["outcome"])),
        Column(say(N_("Notes")), lambda call: call["notes"], 40),
        Column(say(N_("Call back at")), cells.time("call_back_at"), 20),
    ]
