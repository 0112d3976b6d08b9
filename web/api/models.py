"""Shapes that several addresses of the API share; they also make its description."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from web.parsing import Input

MOST_PER_PAGE = 200
Limit = Annotated[int, Field(ge=1, le=MOST_PER_PAGE)]
Cursor = Annotated[str, Field(max_length=500)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Short = Annotated[str, Field(max_length=200)]
Number = Annotated[str, Field(max_length=200)]


class Paging(Input):
    """How much of a list, from where: ``cursor`` is the ``next`` of the page before."""

    limit: Limit = 50
    cursor: Cursor | None = None


class Named(BaseModel):
    """Something by id and name."""

    id: int
    name: str


class CallPatient(Named):
    """The head of a patient's card on a call."""

    record_number: str
    sex: str = ""
    birth_date: str | None = None
    tier: str = ""
    has_allergies: bool = False
    do_not_call: bool = False


class Party(BaseModel):
    """Somebody on a call beside its agent and its far end; ``agent`` is whose telephone the number is."""

    number: str
    number_formatted: str
    agent: Named | None


class Call(BaseModel):
    """A call record as it is now. Times are UTC, ISO 8601."""

    id: int
    direction: Literal["in", "out"]
    number: str
    number_formatted: str
    number_absent: str
    number_verified: bool
    region: str
    region_en: str
    name: str
    line: Named
    patient: CallPatient | None
    candidates: int
    agent: Named | None
    offered_to: list[int]
    offer_why: Literal[
        "", "bound", "last_agent", "longest_idle", "round_robin", "group", "untaken", "everyone", "nobody", "number"
    ]
    offered_until: datetime | None
    priority: list[Literal["vip", "complaint"]]
    state: Literal["ringing", "dialling", "talking", "ended"]
    certainty: str
    rings: int
    task_id: int | None
    outcome: str
    notes: str
    wrap_up: Literal["", "open", "done"]
    call_back_at: datetime | None
    call_back: Literal["", "open", "done"]
    called_back_at: datetime | None
    missed: bool
    missed_handled_at: datetime | None
    started_at: datetime
    claimed_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    end_reason: str
    parties: Literal["", "held", "calling", "consulting", "conference"]
    parties_at: datetime | None
    third: Party | None
    held_since: datetime | None
    hold_seconds: int
    transfer: Literal["", "blind", "attended"]
    transferred_to: Party | None
    transferred_at: datetime | None
    transferred_from_id: int | None


class CallPage(BaseModel):
    """A page of calls; ``next`` is null on the last one."""

    items: list[Call]
    next: str | None


class Calls(BaseModel):
    """A few calls, all of them."""

    items: list[Call]


class Said(BaseModel):
    """What a line or device says, to be said in any language; a value may be another such object."""

    code: str
    values: dict[str, Any]


class Line(BaseModel):
    """A line as it is now. ``reason`` and ``note`` are English where ``…_said`` has a code for them. ``desk`` has the
    users who sit where it rings.
    """

    id: int
    name: str
    driver: str
    group: str
    state: Literal["idle", "ringing", "dialling", "talking", "lost", "out_of_service"]
    since: datetime
    reason: str
    reason_said: Said | None = None
    note: str = ""
    note_said: Said | None = None
    capabilities: list[str]
    out_of_service: bool
    call_id: int | None
    desk: list[int]


class Lines(BaseModel):
    """Every line."""

    items: list[Line]


class Agent(BaseModel):
    """An agent as they are now."""

    id: int
    name: str
    state: Literal["offline", "available", "ringing", "talking", "wrap_up", "away"]
    reason: str
    since: datetime | None
    line: str
    until: datetime | None
    connected: bool


class Agents(BaseModel):
    """The agents in reach."""

    items: list[Agent]


class AgentSpan(BaseModel):
    """A state that an agent was in. ``ended_at`` is null while it lasts; ``seconds`` is what lies in the asked time."""

    state: Literal["offline", "available", "ringing", "talking", "wrap_up", "away"]
    reason: str
    started_at: datetime
    ended_at: datetime | None
    seconds: float


class AgentHistory(BaseModel):
    """The states of an agent that touch the time from ``from`` to ``until``, oldest first, without gaps.

    ``let_ring`` counts the calls of that time that rang for the agent alone and were not taken.
    """

    agent: Named
    since: Annotated[datetime, Field(alias="from")]
    until: datetime
    let_ring: int
    items: list[AgentSpan]


class Records(BaseModel):
    """A page of records of a declared resource."""

    items: list[dict[str, Any]]
    next: str | None


class Problem(BaseModel):
    """A refusal, RFC 9457. ``code`` is stable; ``fields`` says what is wrong with each field."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fields: dict[str, str] | None = None
    details: dict[str, Any] | None = None
    instance: str | None = None
