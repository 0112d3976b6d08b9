"""What a list of complaints can be narrowed to, for API, page and export alike; and the columns of its export."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.servicedesk.complaints.listing import ComplaintFilter
from callcenter.text import N_
from web.api.models import Id
from web.call_filters import midnight
from web.exchange import Exchange
from web.exports import Column
from web.parsing import Day, Input
from web.sheet_cells import Cells

Kind = Literal["complaint", "suggestion", "praise"]
Channel = Literal["call", "box", "letter", "visit", "web", "email", "sms"]
Severity = Annotated[int, Field(ge=1, le=3)]


class ComplaintLimits(Input):
    """``from_day`` and ``to_day`` are days of the hospital on which it was written down, inclusive.

    ``state`` is one, or ``unsettled``. ``sort`` is ``created_at`` or ``due_at``, with ``-`` before it to turn it round.
    """

    state: Literal["open", "in_hand", "settled", "unsettled"] | None = None
    overdue: bool | None = None
    kind: Kind | None = None
    channel: Channel | None = None
    severity: Severity | None = None
    department_id: Id | None = None
    about_id: Id | None = None
    handler_id: Id | None = None
    patient_id: Id | None = None
    from_day: Day | None = None
    to_day: Day | None = None
    sort: Annotated[str, Field(max_length=30)] = ""


def complaint_filter(limits: ComplaintLimits, zone: ZoneInfo) -> ComplaintFilter:
    """The filter for the service; ``zone`` is the hospital's."""
    return ComplaintFilter(
        state=limits.state,
        overdue=limits.overdue,
        kind=limits.kind,
        channel=limits.channel,
        severity=limits.severity,
        department_id=limits.department_id,
        about_id=limits.about_id,
        handler_id=limits.handler_id,
        patient_id=limits.patient_id,
        since=midnight(limits.from_day, zone),
        until=midnight(limits.to_day, zone, days_later=1),
    )


def complaint_columns(exchange: Exchange) -> list[Column]:
    """Every column, headed and filled in the language of whoever asks."""
    say, cells = exchange.translate, Cells.of(exchange, "complaint")

    return [
        Column(say(N_("Number of the complaint")), lambda one: one["id"], 10),
        Column(say(N_("Recorded at")), cells.time("created_at"), 20),
        Column(say(N_("Recorded by")), cells.named("created_by")),
        Column(say(N_("Kind")), cells.word("kind"), 10),
        Column(say(N_("Channel")), cells.word("channel"), 12),
        Column(say(N_("Severity")), cells.word("severity"), 10),
        Column(say(N_("Patient")), cells.named("patient")),
        Column(say(N_("Record number")), lambda one: (one["patient"] or {}).get("record_number", "")),
        Column(say(N_("Reported by")), lambda one: one["caller_name"]),
        Column(say(N_("Phone number")), lambda one: one["number"], 20),
        Column(say(N_("What was reported")), lambda one: one["text"], 60),
        Column(say(N_("About which department")), cells.named("department")),
        Column(say(N_("About staff member")), cells.named("about")),
        Column(say(N_("State")), cells.word("state"), 12),
        Column(say(N_("Handled by")), cells.named("handler")),
        Column(say(N_("Settle by")), cells.time("due_at"), 20),
        Column(say(N_("Result")), cells.word("outcome"), 14),
        Column(say(N_("Findings")), lambda one: one["findings"], 60),
        Column(say(N_("Reward")), lambda one: one["reward"], 30),
        Column(say(N_("Penalty")), lambda one: one["penalty"], 30),
        Column(say(N_("Settled at")), cells.time("settled_at"), 20),
        Column(say(N_("Patient told at")), cells.time("told_at"), 20),
    ]
