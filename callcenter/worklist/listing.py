"""Call tasks as lists and figures: one filter for list, figures and export."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.resources import chosen_sort
from callcenter.paging import page_of_views
from callcenter.worklist.rules import ACTIVE, TaskState
from callcenter.worklist.scope import pools, task_scope
from callcenter.worklist.views import TaskView, load_task_rows, tasks_statement
from storage.models import CallTask
from storage.queries.paging import Page, Stretch

SORTS = ("next_at", "id")
DEFAULT_SORT = "next_at"
_COUNTED = 1000


@dataclass(frozen=True)
class TaskFilter:
    """What to list; what is None does not matter. ``state`` is one, or ``active`` for those that are to be called.

    ``since`` and ``until`` bound the time at which it is called next, ``until`` exclusive.
    """

    state: str | None = None
    agent_id: int | None = None
    department_id: int | None = None
    patient_id: int | None = None
    priority: int | None = None
    kind: str | None = None
    source: str | None = None
    since: datetime | None = None
    until: datetime | None = None


ANY = TaskFilter()


def list_tasks(
    session: Session,
    principal: Principal,
    wanted: TaskFilter,
    limit: int,
    cursor: str | None,
    sort: str = "",
    permission: str = "call_tasks.view",
) -> Page[TaskView]:
    """A page of tasks in reach, by the time of the next call unless ``sort`` says otherwise.

    Raises ``InvalidError`` for an unknown order or a broken cursor.
    """
    name, descending = chosen_sort(sort, DEFAULT_SORT, SORTS)
    columns = (CallTask.id,) if name == "id" else (CallTask.next_at, CallTask.id)
    statement = tasks_statement().where(task_scope(principal, permission), *_conditions(wanted))
    return page_of_views(load_task_rows, session, statement, [Stretch(columns, descending)], limit, cursor)


def my_tasks(session: Session, principal: Principal, limit: int, cursor: str | None) -> Page[TaskView]:
    """What the principal works on, in the order in which it comes: what they hold, their own, their group's."""
    principal.require("call_tasks.work")
    open_ = CallTask.state == TaskState.OPEN.value
    order = (CallTask.priority, CallTask.next_at, CallTask.id)
    held = (CallTask.claimed_by == principal.user_id) & (CallTask.state == TaskState.CLAIMED.value)
    places: list[tuple[str, ColumnElement[bool]]] = [("held", held), ("own", open_ & _mine(principal))]
    places += [(f"pool{index}", open_ & pool) for index, pool in enumerate(pools(principal))]
    stretches = [Stretch(order, False, *place) for place in places]
    return page_of_views(load_task_rows, session, tasks_statement(), stretches, limit, cursor)


def count_mine(session: Session, principal: Principal, at: datetime, today: datetime, tomorrow: datetime) -> TaskView:
    """How many of the principal's own and their group's: ``overdue`` since before today, ``due`` today, ``now`` ready.

    At most 1000 are counted in each place, so that it takes as long however many there are.
    """
    principal.require("call_tasks.work")
    places = [_mine(principal), *pools(principal)]
    return {
        "overdue": _counted(session, places, CallTask.next_at < today),
        "today": _counted(session, places, CallTask.next_at >= today, CallTask.next_at < tomorrow),
        "now": _counted(session, places, CallTask.next_at <= at),
    }


def progress(session: Session, principal: Principal, wanted: TaskFilter, at: datetime) -> TaskView:
    """Of the tasks in reach: how many there are in each state, are overdue, and were attempted."""
    limits = (task_scope(principal), *_conditions(wanted))
    by_state = select(CallTask.state, func.count()).where(*limits).group_by(CallTask.state)
    found = {state: count for state, count in session.execute(by_state)}  # noqa: C416 - rows are no pairs to mypy
    states = {state.value: found.get(state.value, 0) for state in TaskState}
    waiting = select(func.count()).where(*limits, CallTask.state == TaskState.OPEN.value, CallTask.next_at <= at)
    attempted = select(func.count()).where(*limits, CallTask.attempts > 0)
    return states | {
        "all": sum(states.values()),
        "due": session.scalar(waiting) or 0,
        "attempted": session.scalar(attempted) or 0,
    }


def _mine(principal: Principal) -> ColumnElement[bool]:
    return CallTask.agent_id == principal.user_id


def _counted(session: Session, places: list[ColumnElement[bool]], *limits: ColumnElement[bool]) -> int:
    total = 0
    for place in places:
        some = select(CallTask.id).where(CallTask.state == TaskState.OPEN.value, place, *limits).limit(_COUNTED)
        total += session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return total


def _conditions(wanted: TaskFilter) -> list[ColumnElement[bool]]:
    equal = {
        CallTask.agent_id: wanted.agent_id,
        CallTask.department_id: wanted.department_id,
        CallTask.patient_id: wanted.patient_id,
        CallTask.priority: wanted.priority,
        CallTask.kind: wanted.kind,
        CallTask.source: wanted.source,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.state == "active":
        conditions.append(or_(*(CallTask.state == state for state in ACTIVE)))
    elif wanted.state is not None:
        conditions.append(CallTask.state == wanted.state)
    if wanted.since is not None:
        conditions.append(CallTask.next_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(CallTask.next_at < wanted.until)
    return conditions
