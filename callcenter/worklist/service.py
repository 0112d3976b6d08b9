"""Call tasks as a service: for the agent whose list it is, and for whoever gives it out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.clock import day_bounds, iso, utc_now
from callcenter.crm.contacts import contacts_with
from callcenter.dialling import dial_string
from callcenter.errors import ConflictError, NotFoundError
from callcenter.numbers import normalise
from callcenter.tasks import Periodic
from callcenter.telephony.lines import LineService
from callcenter.telephony.views import CallView
from callcenter.text import N_
from callcenter.worklist.claiming import claim_next, claim_task, expire_tasks, held_by
from callcenter.worklist.creating import TaskDraft, create_many, create_one, preview_tasks
from callcenter.worklist.handling import assign_tasks, cancel_task, reschedule_task, skip_task
from callcenter.worklist.listing import ANY, TaskFilter, count_mine, list_tasks, my_tasks, progress
from callcenter.worklist.owners import load_owners
from callcenter.worklist.scope import task_scope
from callcenter.worklist.settings import CallTaskSettings
from callcenter.worklist.settling import settle_task
from callcenter.worklist.views import TaskView, load_task_rows, tasks_statement
from storage.database import Database
from storage.models import CallOutcome, CallRecord, CallTask
from storage.queries.paging import Page

EXPORT_CHUNK = 200
_EXPIRE_SECONDS = 60.0
_MOST_ATTEMPTS = 20


class CallTaskService:
    """Everything is limited to what the principal's data scope reaches; out of reach is ``NotFoundError``.

    ``area_code`` completes local numbers, ``time_zone`` decides what is today.
    """

    def __init__(
        self,
        database: Database,
        clock: IReactorTime,
        lines: LineService,
        settings: CallTaskSettings,
        time_zone: str,
        area_code: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._lines = lines
        self._settings = settings
        self._time_zone = time_zone
        self._area_code = area_code
        self._hours = settings.hours(time_zone)
        self._expiry = Periodic(clock, _EXPIRE_SECONDS, self.expire)

    def start(self) -> None:
        """End what is too late, every minute from now on."""
        self._expiry.start()

    async def stop(self) -> None:
        """No more."""
        await self._expiry.stop()

    async def expire(self) -> None:
        """End the tasks whose time is over."""
        while await self._database.run(expire_tasks, self._now):
            pass

    # Looking; needs ``call_tasks.view``.

    async def list(
        self,
        principal: Principal,
        wanted: TaskFilter = ANY,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[TaskView]:
        """A page of tasks. What is refused: ``listing.list_tasks``."""
        return await self._database.read(list_tasks, principal, wanted, limit, cursor, sort)

    async def get(self, principal: Principal, task_id: int) -> TaskView:
        """One task with its ``calls``, newest first: the attempts and what came of each."""
        return await self._database.read(_get, principal, task_id)

    async def progress(self, principal: Principal, wanted: TaskFilter = ANY) -> TaskView:
        """How far the tasks of a list are."""
        return await self._database.read(progress, principal, wanted, self._now)

    async def export(
        self, principal: Principal, wanted: TaskFilter = ANY, sort: str = ""
    ) -> AsyncIterator[Sequence[TaskView]]:
        """Chunks of the whole list; audited before the first one. Needs ``call_tasks.export``."""
        read = self._database.read
        page = await read(list_tasks, principal, wanted, EXPORT_CHUNK, None, sort, "call_tasks.export")
        await self._database.run(_audit_export, principal, wanted, self._now)
        while True:
            yield page.items
            if page.next is None:
                return
            page = await read(list_tasks, principal, wanted, EXPORT_CHUNK, page.next, sort, "call_tasks.export")

    # Working; needs ``call_tasks.work``.

    async def mine(self, principal: Principal, limit: int = 50, cursor: str | None = None) -> Page[TaskView]:
        """What the principal is to call, in the order in which it comes."""
        return await self._database.read(my_tasks, principal, limit, cursor)

    async def counts(self, principal: Principal) -> TaskView:
        """How many those are: ``overdue``, ``today``, ``now``."""
        today, tomorrow = day_bounds(self._now, self._time_zone)
        return await self._database.read(count_mine, principal, self._now, today, tomorrow)

    async def held(self, principal: Principal) -> Sequence[TaskView]:
        """The tasks that the principal holds now."""
        return await self._database.read(_held, principal)

    async def next(self, principal: Principal) -> dict[str, Any]:
        """Take the next task: ``task``, None when there is none now; ``opens_at`` says when patients may be called."""
        now = self._now
        principal.require("call_tasks.work")
        if not self._hours.contain(now):
            return {"task": None, "opens_at": iso(self._hours.first(now))}
        return {
            "task": await self._database.run(claim_next, principal, now, self._settings.lease),
            "opens_at": None,
        }

    async def claim(self, principal: Principal, task_id: int) -> TaskView:
        """Take this one, be it due or not."""
        return await self._database.run(claim_task, principal, task_id, self._now, self._settings.lease)

    async def dial(self, principal: Principal, task_id: int, confirmed: bool = False) -> CallView:
        """Call the patient of a task. The agent need not know the number.

        The task is held and the attempt is on disk before the line is told. Raises what ``claim`` and
        ``LineService.dial`` raise, and ``ConflictError`` outside the hours and for a task that is being called.
        """
        principal.require("calls.dial")
        now = self._now
        if not self._hours.contain(now):
            opens = iso(self._hours.first(now))
            raise ConflictError(N_("Patients are not called from the list at this time of day."), opens_at=opens)
        task = await self.claim(principal, task_id)
        if task["calling"]:
            raise ConflictError(N_("Finish the wrap-up of the last call first."), task_id=task_id)
        if not task["number"]:
            raise ConflictError(N_("This patient has no number."), task_id=task_id)
        patient = task["patient"]
        return await self._lines.dial(
            principal,
            None,
            task["number"],
            None if patient is None else patient["id"],
            confirmed=confirmed,
            task_id=task_id,
        )

    async def skip(self, principal: Principal, task_id: int, note: str) -> TaskView:
        """Put a task off, saying why."""
        return await self._database.run(
            skip_task, principal, task_id, note, self._now, self._settings.skip, self._hours
        )

    def settle(self, session: Session, call: CallRecord, outcome: CallOutcome, at: datetime) -> bool:
        """See ``settling.settle_task``; runs in the transaction of the wrap-up."""
        return settle_task(session, call, outcome, at, self._hours)

    # Giving out; needs ``call_tasks.manage``.

    async def owners(self, principal: Principal) -> dict[str, Any]:
        """To whom tasks can be given: ``agents``, who may work them, and ``departments``; by name."""
        principal.require("call_tasks.manage")
        return await self._database.read(load_owners)

    async def preview(self, principal: Principal, patient_ids: Sequence[int]) -> dict[str, Any]:
        """For how many of these patients there would be a task, and for whom not and why."""
        return await self._database.run(preview_tasks, principal, patient_ids)

    async def create_many(self, principal: Principal, draft: TaskDraft, patient_ids: Sequence[int]) -> dict[str, Any]:
        """Make a task for each of these patients who can be called."""
        return await self._database.run(create_many, principal, draft, patient_ids, self._now, self._hours)

    async def create(
        self,
        principal: Principal,
        draft: TaskDraft,
        patient_id: int | None = None,
        number: str = "",
        confirmed: bool = False,
    ) -> TaskView:
        """Make one task, for a patient, a number or both."""
        canonical = ""
        if number:
            canonical = normalise(number, self._area_code).number or dial_string(number, self._area_code)
            dial_string(canonical, self._area_code)
        return await self._database.run(
            create_one, principal, draft, patient_id, canonical, confirmed, self._now, self._hours
        )

    async def assign(
        self, principal: Principal, task_ids: Sequence[int], agent_id: int | None, department_id: int | None
    ) -> Sequence[TaskView]:
        """Give tasks to an agent, a department or everybody."""
        return await self._database.run(assign_tasks, principal, task_ids, agent_id, department_id, self._now)

    async def reschedule(self, principal: Principal, task_id: int, when: datetime, confirmed: bool = False) -> TaskView:
        """Call at another time; opens again what is over."""
        return await self._database.run(reschedule_task, principal, task_id, when, confirmed, self._now, self._hours)

    async def cancel(self, principal: Principal, task_id: int, note: str = "") -> TaskView:
        """Do not call any more."""
        return await self._database.run(cancel_task, principal, task_id, note, self._now)

    @property
    def _now(self) -> datetime:
        return utc_now(self._clock)


def _get(session: Session, principal: Principal, task_id: int) -> TaskView:
    found = load_task_rows(session, tasks_statement().where(CallTask.id == task_id, task_scope(principal)))
    if not found:
        raise NotFoundError(N_("There is no such task, or you may not see it."), task_id=task_id)
    return found[0][0] | {"calls": _attempts(session, principal, task_id)}


def _attempts(session: Session, principal: Principal, task_id: int) -> list[CallView]:
    """The task's calls, newest first, as whoever asks may see them: colleagues may have made some of them."""
    if not principal.may("calls.view"):
        return []
    attempts = select(CallRecord.id).where(CallRecord.task_id == task_id)
    newest = attempts.order_by(CallRecord.started_at.desc(), CallRecord.id.desc()).limit(_MOST_ATTEMPTS)
    return contacts_with(session, principal, list(session.scalars(newest)))


def _held(session: Session, principal: Principal) -> Sequence[TaskView]:
    found = tasks_statement().where(CallTask.id.in_(held_by(principal)), task_scope(principal))
    return [view for view, _ in load_task_rows(session, found.order_by(CallTask.id))]


def _audit_export(session: Session, principal: Principal, wanted: TaskFilter, at: datetime) -> None:
    limits = {name: value for name, value in vars(wanted).items() if value is not None}
    shown = {name: iso(value) if isinstance(value, datetime) else value for name, value in limits.items()}
    record_audit(session, principal, "export", "call_task", "", None, shown, at)
