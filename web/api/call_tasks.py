"""Call tasks through the API: the agent's work list, and what whoever gives it out does with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field

from callcenter.worklist.creating import MOST_AT_ONCE, TaskDraft
from web.api.calls import page_json
from web.api.models import Call, CallPatient, Cursor, Id, Limit, Named, Number, Paging
from web.call_sheet import outcome_words
from web.exchange import Exchange, Json, Reply
from web.exports import download
from web.parsing import Input, Moment
from web.patient_choice import chosen_patients
from web.routing import Routes
from web.task_sheet import TaskLimits, givable, task_columns, task_filter

routes = Routes("/api/v1")

Note = Annotated[str, Field(max_length=200)]
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_AT_ONCE)]


class CallTask(BaseModel):
    """A call task as it is now. ``agent``, else ``department``, else everybody calls; ``priority`` 1 comes first."""

    id: int
    kind: str
    source: str
    purpose: str
    patient: CallPatient | None
    number: str
    number_formatted: str
    agent: Named | None
    department: Named | None
    priority: int
    state: Literal["open", "claimed", "done", "given_up", "cancelled", "expired"]
    reason: str
    note: str
    due_from: AwareDatetime
    due_until: AwareDatetime | None
    next_at: AwareDatetime
    attempts: int
    last_outcome: str
    claimed_by: Named | None
    claimed_until: AwareDatetime | None
    calling: bool
    created_at: AwareDatetime
    ended_at: AwareDatetime | None
    version: int


class TaskPage(BaseModel):
    """A page of tasks; ``next`` is null on the last one."""

    items: list[CallTask]
    next: str | None


class TaskWithCalls(CallTask):
    """A task with its attempts, newest first."""

    calls: list[Call]


class Handed(BaseModel):
    """The next task, null when there is none now; ``opens_at`` when patients are not called at this time of day."""

    task: CallTask | None
    opens_at: AwareDatetime | None


class Owners(BaseModel):
    """Agents and departments."""

    agents: list[Named]
    departments: list[Named]


class LeftOut(BaseModel):
    """A patient for whom there is no task, and why."""

    patient_id: int
    name: str
    record_number: str
    why: Literal["not_found", "do_not_call", "no_number", "has_task"]


class Chosen(BaseModel):
    """For how many there is a task, for whom not; ``more`` says that the filter finds more than are taken at once."""

    count: int
    refused: list[LeftOut]
    sample: list[str]
    more: bool


class TaskQuery(TaskLimits):
    """A page of tasks, by the time of the next call unless sorted otherwise."""

    limit: Limit = 50
    cursor: Cursor | None = None


class TaskExport(TaskLimits):
    """Tasks as a file."""

    format: Literal["csv", "xlsx"] = "xlsx"


class Whom(Input):
    """Patients by id, or those of the patients' list as it is filtered: ``filter`` has the fields of its address."""

    patient_ids: Ids | None = None
    filter: dict[str, Annotated[str, Field(max_length=200)]] | None = None


class Draft(Input):
    """What a task is about, who is to call and when."""

    purpose: Annotated[str, Field(min_length=1, max_length=300)]
    agent_id: Id | None = None
    department_id: Id | None = None
    priority: Annotated[int, Field(ge=1, le=3)] = 2
    due_from: Moment | None = None
    due_until: Moment | None = None

    @property
    def draft(self) -> TaskDraft:
        """What the service takes."""
        return TaskDraft(self.purpose, self.agent_id, self.department_id, self.priority, self.due_from, self.due_until)


class NewTask(Draft):
    """One task. ``confirmed`` makes one for a patient who asked not to be called."""

    patient_id: Id | None = None
    number: Number = ""
    confirmed: bool = False


class NewTasks(Draft, Whom):
    """A task for each of several patients."""


class Confirmed(Input):
    """``confirmed`` calls a patient who asked not to be called."""

    confirmed: bool = False


class Remark(Input):
    """Why."""

    note: Note = ""


class Assignment(Input):
    """To whom: an agent, else a department, else everybody."""

    task_ids: Ids
    agent_id: Id | None = None
    department_id: Id | None = None


class OtherTime(Confirmed):
    """When to call instead."""

    at: Moment


@routes.get("/call-tasks", permission="call_tasks.view", returns=TaskPage)
async def list_tasks(exchange: Exchange, query: TaskQuery) -> Reply:
    """Call tasks, by the time of the next call."""
    wanted = task_filter(query, exchange.settings.time_zone)
    tasks = exchange.services.telephony.tasks
    return Json(page_json(await tasks.list(exchange.principal, wanted, query.limit, query.cursor, query.sort)))


@routes.get("/call-tasks/mine", permission="call_tasks.work", returns=TaskPage)
async def list_mine(exchange: Exchange, query: Paging) -> Reply:
    """What I am to call, in the order in which it comes: what I hold, my own, my group's."""
    return Json(page_json(await exchange.services.telephony.tasks.mine(exchange.principal, query.limit, query.cursor)))


@routes.get("/call-tasks/counts", permission="call_tasks.work", returns=dict[str, int])
async def counts(exchange: Exchange) -> Reply:
    """How many those are: overdue since before today, today's, ready now. Each place is counted up to 1000."""
    return Json(await exchange.services.telephony.tasks.counts(exchange.principal))


@routes.get("/call-tasks/owners", permission="call_tasks.manage", returns=Owners)
async def list_owners(exchange: Exchange) -> Reply:
    """To whom tasks can be given."""
    return Json(await givable(exchange))


@routes.get("/call-tasks/progress", permission="call_tasks.view", returns=dict[str, int])
async def progress(exchange: Exchange, query: TaskLimits) -> Reply:
    """How many of the tasks are in each state, due, and attempted."""
    wanted = task_filter(query, exchange.settings.time_zone)
    return Json(await exchange.services.telephony.tasks.progress(exchange.principal, wanted))


@routes.get("/call-tasks/export", permission="call_tasks.export")
async def export(exchange: Exchange, query: TaskExport) -> Reply:
    """The whole list as a file."""
    wanted = task_filter(query, exchange.settings.time_zone)
    rows = exchange.services.telephony.tasks.export(exchange.principal, wanted, query.sort)
    columns = task_columns(exchange, await outcome_words(exchange))
    return await download(exchange, "call-tasks", columns, rows, query.format)


@routes.get("/call-tasks/<int:task_id>", permission="call_tasks.view", returns=TaskWithCalls)
async def get_task(exchange: Exchange, task_id: int) -> Reply:
    """One task with its attempts."""
    return Json(await exchange.services.telephony.tasks.get(exchange.principal, task_id))


@routes.post("/call-tasks", permission="call_tasks.manage", returns=CallTask, status=201)
async def create(exchange: Exchange, body: NewTask) -> Reply:
    """Make one task; 409 tells why there can be none."""
    tasks = exchange.services.telephony.tasks
    made = await tasks.create(exchange.principal, body.draft, body.patient_id, body.number, body.confirmed)
    return Json(made, status=201)


@routes.post("/call-tasks/preview", permission="call_tasks.manage", returns=Chosen)
async def preview(exchange: Exchange, body: Whom) -> Reply:
    """For how many patients there would be a task, and for whom not and why. Makes nothing."""
    ids, more = await chosen_patients(exchange, body.patient_ids, body.filter)
    return Json(await exchange.services.telephony.tasks.preview(exchange.principal, ids) | {"more": more})


@routes.post("/call-tasks/many", permission="call_tasks.manage", returns=Chosen)
async def create_many(exchange: Exchange, body: NewTasks) -> Reply:
    """Make a task for each patient who can be called and has none; sent again, it makes no second ones."""
    ids, more = await chosen_patients(exchange, body.patient_ids, body.filter)
    made = await exchange.services.telephony.tasks.create_many(exchange.principal, body.draft, ids)
    return Json(made | {"more": more})


@routes.post("/call-tasks/next", permission="call_tasks.work", returns=Handed)
async def next_task(exchange: Exchange) -> Reply:
    """Take the next task: nobody else gets it while I look at it, call and write down what came of it."""
    return Json(await exchange.services.telephony.tasks.next(exchange.principal))


@routes.post("/call-tasks/assign", permission="call_tasks.manage", returns=TaskPage)
async def assign(exchange: Exchange, body: Assignment) -> Reply:
    """Give tasks to somebody else: all of them or none."""
    tasks = exchange.services.telephony.tasks
    given = await tasks.assign(exchange.principal, body.task_ids, body.agent_id, body.department_id)
    return Json({"items": given, "next": None})


@routes.post("/call-tasks/<int:task_id>/claim", permission="call_tasks.work", returns=CallTask)
async def claim(exchange: Exchange, task_id: int) -> Reply:
    """Take this task; 409 tells who has it."""
    return Json(await exchange.services.telephony.tasks.claim(exchange.principal, task_id))


@routes.post("/call-tasks/<int:task_id>/dial", permission="call_tasks.work", returns=Call)
async def dial(exchange: Exchange, task_id: int, body: Confirmed) -> Reply:
    """Call the patient of a task; the number need not be known. Also needs ``calls.dial``."""
    return Json(await exchange.services.telephony.tasks.dial(exchange.principal, task_id, body.confirmed))


@routes.post("/call-tasks/<int:task_id>/skip", permission="call_tasks.work", returns=CallTask)
async def skip(exchange: Exchange, task_id: int, body: Remark) -> Reply:
    """Put a task off and say why."""
    return Json(await exchange.services.telephony.tasks.skip(exchange.principal, task_id, body.note))


@routes.post("/call-tasks/<int:task_id>/reschedule", permission="call_tasks.manage", returns=CallTask)
async def reschedule(exchange: Exchange, task_id: int, body: OtherTime) -> Reply:
    """Call at another time; opens again what is over."""
    tasks = exchange.services.telephony.tasks
    return Json(await tasks.reschedule(exchange.principal, task_id, body.at, body.confirmed))


@routes.post("/call-tasks/<int:task_id>/cancel", permission="call_tasks.manage", returns=CallTask)
async def cancel(exchange: Exchange, task_id: int, body: Remark) -> Reply:
    """Do not call any more."""
    return Json(await exchange.services.telephony.tasks.cancel(exchange.principal, task_id, body.note))
