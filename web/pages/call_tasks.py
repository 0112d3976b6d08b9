"""The supervisor's page of call tasks: the list with its progress; giving out, making, putting off, cancelling."""

from __future__ import annotations

from typing import Any

from callcenter.text import N_
from callcenter.worklist.listing import DEFAULT_SORT
from web.call_sheet import outcome_words
from web.exchange import Exchange, Page, Reply
from web.pages.list_place import ListPlace
from web.pages.lists import export_links, heading, listed
from web.routing import Routes
from web.task_sheet import TaskLimits, givable, task_filter

routes = Routes()


class TasksPage(ListPlace, TaskLimits):
    """The list as it stands in an address."""


@routes.get("/call-tasks", permission="call_tasks.view")
async def list_tasks(exchange: Exchange, query: TasksPage) -> Reply:
    """The list."""
    tasks, principal = exchange.services.telephony.tasks, exchange.principal
    wanted = task_filter(query, exchange.settings.time_zone)
    asked = tasks.list(principal, wanted, query.limit, query.cursor, query.sort)
    found = await listed(exchange, "/call-tasks", query, asked)
    context: dict[str, Any] = {
        "tasks": found.items,
        "view": query.shown,
        "problem": found.problem,
        "paths": {"self": "/call-tasks", **found.ways},
        "next_at": heading(
            exchange.translate(N_("Next call")), "next_at", query.sort or DEFAULT_SORT, "/call-tasks", query.view
        ),
        "progress": await tasks.progress(principal, wanted),
        "outcomes": await outcome_words(exchange),
        "exports": export_links("/api/v1/call-tasks/export", query.view) if principal.may("call_tasks.export") else [],
        **await givable(exchange),
    }
    return Page("call_tasks.html", context, status=found.status)
