"""Complaints through the API: writing one down, the lists, and everything that is done about one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from callcenter.servicedesk.complaints import rules
from callcenter.servicedesk.complaints.filing import LONGEST, ComplaintDraft
from callcenter.servicedesk.complaints.handling import Classification, Settlement, Target
from web.api.calls import page_json
from web.api.models import CallPatient, Cursor, Id, Limit, Named, Number
from web.complaint_sheet import (
    Channel,
    ComplaintLimits,
    Kind,
    Severity,
    complaint_columns,
    complaint_filter,
)
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.parsing import Input, Moment
from web.routing import Routes

routes = Routes("/api/v1")

Long = Annotated[str, Field(max_length=LONGEST)]
Line = Annotated[str, Field(max_length=300)]
Outcome = Literal["upheld", "partly", "not_upheld", "adopted", "passed_on", "withdrawn"]


class Complaint(BaseModel):
    """A complaint, suggestion or praise as it is now. ``severity`` 1 is serious, 3 minor; praise has no ``due_at``.

    ``version`` goes back with every change of it.
    """

    id: int
    kind: Kind
    channel: Channel
    severity: int
    text: str
    patient: CallPatient | None
    call_id: int | None
    caller_name: str
    number: str
    number_formatted: str
    department: Named | None
    about: Named | None
    state: Literal["open", "in_hand", "settled"]
    handler: Named | None
    due_at: AwareDatetime | None
    outcome: Outcome | Literal[""]
    findings: str
    reward: str
    penalty: str
    settled_at: AwareDatetime | None
    told_at: AwareDatetime | None
    created_at: AwareDatetime
    created_by: Named | None
    version: int


class ComplaintStep(BaseModel):
    """Something that was done about one."""

    id: int
    at: AwareDatetime
    by: Named | None
    kind: Literal["filed", "changed", "taken", "assigned", "note", "settled", "reopened", "told"]
    note: str


class WholeComplaint(Complaint):
    """A complaint with what was done about it, the first first."""

    overdue: bool
    steps: list[ComplaintStep]


class ComplaintPage(BaseModel):
    """A page of complaints; ``next`` is null on the last one."""

    items: list[Complaint]
    next: str | None


class ComplaintPeople(BaseModel):
    """Whom it can be about, in which department, and who can handle it."""

    staff: list[Named]
    departments: list[Named]
    handlers: list[Named]


class ComplaintQuery(ComplaintLimits):
    """A page of complaints, the newest first unless sorted otherwise."""

    limit: Limit = 50
    cursor: Cursor | None = None


class ComplaintExport(ComplaintLimits):
    """Complaints as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


class NewComplaint(Input):
    """What is known. A ``call_id`` brings the number of the call, and its patient unless ``patient_id`` is null.

    Without ``due_at`` it is due by severity.
    """

    kind: Kind = "complaint"
    channel: Channel
    text: Long
    severity: Severity = 2
    patient_id: Id | None = None
    call_id: Id | None = None
    caller_name: Annotated[str, Field(max_length=80)] = ""
    number: Number = ""
    department_id: Id | None = None
    about_id: Id | None = None
    due_at: Moment | None = None

    @property
    def draft(self) -> ComplaintDraft:
        """What the service takes."""
        return ComplaintDraft(
            rules.ComplaintKind(self.kind), self.channel, self.text, rules.Severity(self.severity), self.patient_id,
            self.call_id, self.caller_name, self.number, self.department_id, self.about_id, self.due_at,
            patient_of_call="patient_id" not in self.model_fields_set,
        )  # fmt: skip


class Seen(Input):
    """Which state of it was seen; 409 when it has changed since."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]

    def target(self, complaint_id: int) -> Target:
        """What the service takes."""
        return Target(complaint_id, self.version)


class Details(Seen):
    """All of these, as they are to be."""

    kind: Kind
    severity: Severity
    patient_id: Id | None
    department_id: Id | None
    about_id: Id | None
    due_at: Moment | None


class Handler(Seen):
    """Who is to handle it."""

    handler_id: Id


class Noted(Seen):
    """What was done, or why."""

    note: Long = ""


class Result(Seen):
    """How it ended. ``told``: the patient knows already."""

    outcome: Outcome
    findings: Long
    reward: Line = ""
    penalty: Line = ""
    told: bool = False


@routes.get("/complaints", permission="complaints.view", returns=ComplaintPage)
async def list_complaints(exchange: Exchange, query: ComplaintQuery) -> Reply:
    """Complaints, the newest first."""
    wanted = complaint_filter(query, exchange.settings.time_zone)
    complaints = exchange.services.complaints
    return Json(page_json(await complaints.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)))


@routes.get("/complaints/counts", permission="complaints.view", returns=dict[str, int])
async def count_complaints(exchange: Exchange, query: ComplaintLimits) -> Reply:
    """How many there are in each state, all of them, and how many are overdue."""
    wanted = complaint_filter(query, exchange.settings.time_zone)
    return Json(await exchange.services.complaints.counts(exchange.principal, wanted))


@routes.get("/complaints/people", permission="complaints.view", returns=ComplaintPeople)
async def list_people(exchange: Exchange) -> Reply:
    """Whom it can be about, and who can handle it; empty for whoever may neither write down nor handle."""
    return Json(await exchange.services.complaints.people(exchange.principal))


@routes.get("/complaints/export", permission="complaints.export")
async def export(exchange: Exchange, query: ComplaintExport) -> Reply:
    """The whole list as a file."""
    wanted = complaint_filter(query, exchange.settings.time_zone)
    rows = exchange.services.complaints.export(exchange.principal, wanted, query.sort)
    return await download(exchange, "complaints", complaint_columns(exchange), rows, query.format)


@routes.get("/complaints/<int:complaint_id>", permission="complaints.view", returns=WholeComplaint)
async def get_complaint(exchange: Exchange, complaint_id: int) -> Reply:
    """One complaint with what was done about it."""
    return Json(await exchange.services.complaints.get(exchange.principal, complaint_id))


@routes.post("/complaints", permission="complaints.create", returns=Complaint, status=201)
async def file_complaint(exchange: Exchange, body: NewComplaint) -> Reply:
    """Write one down."""
    return Json(await exchange.services.complaints.file(exchange.principal, body.draft), status=201)


@routes.post("/complaints/<int:complaint_id>/details", permission="complaints.handle", returns=Complaint)
async def classify(exchange: Exchange, complaint_id: int, body: Details) -> Reply:
    """Change kind, severity, whose it is, about whom, or when it is due. What was said stays."""
    wanted = Classification(
        rules.ComplaintKind(body.kind),
        rules.Severity(body.severity),
        body.patient_id,
        body.department_id,
        body.about_id,
        body.due_at,
    )
    return Json(await exchange.services.complaints.classify(exchange.principal, body.target(complaint_id), wanted))


@routes.post("/complaints/<int:complaint_id>/take", permission="complaints.handle", returns=Complaint)
async def take(exchange: Exchange, complaint_id: int, body: Seen) -> Reply:
    """Handle it oneself."""
    return Json(await exchange.services.complaints.take(exchange.principal, body.target(complaint_id)))


@routes.post("/complaints/<int:complaint_id>/assign", permission="complaints.handle", returns=Complaint)
async def assign(exchange: Exchange, complaint_id: int, body: Handler) -> Reply:
    """Have somebody handle it."""
    complaints = exchange.services.complaints
    return Json(await complaints.assign(exchange.principal, body.target(complaint_id), body.handler_id))


@routes.post("/complaints/<int:complaint_id>/note", permission="complaints.handle", returns=Complaint)
async def add_note(exchange: Exchange, complaint_id: int, body: Noted) -> Reply:
    """Write down what was done."""
    return Json(await exchange.services.complaints.note(exchange.principal, body.target(complaint_id), body.note))


@routes.post("/complaints/<int:complaint_id>/settle", permission="complaints.handle", returns=Complaint)
async def settle(exchange: Exchange, complaint_id: int, body: Result) -> Reply:
    """End it with a result."""
    wanted = Settlement(body.outcome, body.findings, body.reward, body.penalty, body.told)
    return Json(await exchange.services.complaints.settle(exchange.principal, body.target(complaint_id), wanted))


@routes.post("/complaints/<int:complaint_id>/reopen", permission="complaints.handle", returns=Complaint)
async def reopen(exchange: Exchange, complaint_id: int, body: Noted) -> Reply:
    """Take it up again, saying why."""
    return Json(await exchange.services.complaints.reopen(exchange.principal, body.target(complaint_id), body.note))


@routes.post("/complaints/<int:complaint_id>/told", permission="complaints.handle", returns=Complaint)
async def tell_patient(exchange: Exchange, complaint_id: int, body: Noted) -> Reply:
    """The patient was told of the result; the note may say how."""
    complaints = exchange.services.complaints
    return Json(await complaints.tell_patient(exchange.principal, body.target(complaint_id), body.note))
