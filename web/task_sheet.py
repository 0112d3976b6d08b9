"""What a list of call tasks can be narrowed to, for API, page and export alike; and the columns of its export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.text import N_
from callcenter.worklist.listing import TaskFilter
from web.api.models import Id
from web.call_filters import midnight
from web.exchange import Exchange
from web.exports import Column
from web.parsing import Day, Input
from web.sheet_cells import Cells

State = Literal["open", "claimed", "done", "given_up", "cancelled", "expired", "active"]


class TaskLimits(Input):
    """``from_day`` and ``to_day`` are days of the hospital on which it is called next, inclusive.

    ``sort`` is ``next_at`` or ``id``, with ``-`` before it to turn it round.
    """

    state: State | None = None
    agent_id: Id | None = None
    department_id: Id | None = None
    patient_id: Id | None = None
    priority: Annotated[int, Field(ge=1, le=3)] | None = None
    kind: Annotated[str, Field(max_length=20)] | None = None
    source: Annotated[str, Field(max_length=60)] | None = None
    from_day: Day | None = None
    to_day: Day | None = None
    sort: Annotated[str, Field(max_length=30)] = ""


def task_filter(limits: TaskLimits, zone: ZoneInfo) -> TaskFilter:
    """The filter for the service; ``zone`` is the hospital's."""
    return TaskFilter(
        state=limits.state,
        agent_id=limits.agent_id,
        department_id=limits.department_id,
        patient_id=limits.patient_id,
        priority=limits.priority,
        kind=limits.kind,
        source=limits.source,
        since=midnight(limits.from_day, zone),
        until=midnight(limits.to_day, zone, days_later=1),
    )


def task_columns(exchange: Exchange, outcomes: Mapping[str, str]) -> list[Column]:
    """Every column, headed and filled in the language of whoever asks."""
    say, cells = exchange.translate, Cells.of(exchange, "call_task")

    return [
        Column(say(N_("Patient")), cells.named("patient")),
        Column(say(N_("Record number")), lambda task: (task["patient"] or {}).get("record_number", "")),
        Column(say(N_("Phone number")), lambda task: task["number"], 20),
        Column(say(N_("What it is about")), lambda task: task["purpose"], 40),
        Column(say(N_("State")), cells.word("state"), 12),
        Column(say(N_("Reason")), cells.word("reason"), 20),
        Column(say(N_("Note")), lambda task: task["note"], 30),
        Column(say(N_("Agent")), cells.named("agent")),
        Column(say(N_("Department")), cells.named("department")),
        Column(say(N_("Priority")), cells.word("priority"), 10),
        Column(say(N_("Next call")), cells.time("next_at"), 20),
        Column(say(N_("Not later than")), cells.time("due_until"), 20),
        Column(say(N_("Attempts")), lambda task: task["attempts"], 10),
        Column(say(N_("Outcome")), lambda task: outcomes.get(task["last_outcome"], task["last_outcome"])),
    ]


async def givable(exchange: Exchange) -> dict[str, Any]:
    """To whom tasks can be given: agents and departments by id and name, none for whoever may not give any."""
    if not exchange.principal.may("call_tasks.manage"):
        return {"agents": [], "departments": []}
    return await exchange.services.telephony.tasks.owners(exchange.principal)
