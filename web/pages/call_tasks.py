"""The supervisor's page of call tasks: the list with its progress; giving out, making, putting off, cancelling."""

from __future__ import annotations

from typing import Any

from callcenter.errors import InvalidError
from callcenter.text import N_, translated
from callcenter.worklist.listing import DEFAULT_SORT
from web.call_sheet import outcome_words
from web.exchange import Exchange, Page, Reply
from web.pages.list_place import ListPlace
from web.pages.lists import export_links, heading, ways
from web.routing import Routes
from web.task_sheet import TaskLimits, givable, task_filter

routes = Routes()


class TasksPage(ListPlace, TaskLimits):
    """The list as it stands in an address."""


@routes.get("/call-tasks", permission="call_tasks.view")
async def list_tasks(exchange: Exchange, query: TasksPage) -> Reply:
    """The list."""
    tasks, principal = exchange.services.telephony.tasks, exchange.principal
    problem, items, links = "", [], {"first": "", "previous": "", "next": ""}
    wanted = task_filter(query, exchange.settings.time_zone)
    try:
        page = await tasks.list(principal, wanted, query.limit, query.cursor, query.sort)
        items, links = page.items, ways("/call-tasks", query.view, query, page)
    except InvalidError as error:
        problem = translated(exchange.translate, next(iter(error.fields.values()), error.message))
    context: dict[str, Any] = {
        "tasks": items,
        "view": query.shown,
        "problem": problem,
        "paths": {"self": "/call-tasks", **links},
        "next_at": heading(
            exchange.translate(N_("Next call")), "next_at", query.sort or DEFAULT_SORT, "/call-tasks", query.view
        ),
        "progress": await tasks.progress(principal, wanted),
        "outcomes": await outcome_words(exchange),
        "exports": export_links("/api/v1/call-tasks/export", query.view) if principal.may("call_tasks.export") else [],
        **await givable(exchange),
    }
    return Page("call_tasks.html", context, status=422 if problem else 200)
