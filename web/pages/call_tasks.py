"""The supervisor's page of call tasks: the list with its progress; giving out, making, putting off, cancelling."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from callcenter.errors import InvalidError
from callcenter.text import N_, translated
from callcenter.worklist.listing import DEFAULT_SORT
from web.api.models import Cursor, Limit
from web.call_sheet import outcome_words
from web.exchange import Exchange, Page, Reply
from web.pages.lists import address, heading, ways
from web.routing import Routes
from web.task_sheet import TaskLimits, givable, task_filter

routes = Routes()

_PAGING = {"limit", "cursor", "trail"}


class TasksPage(TaskLimits):
    """The list as it stands in an address. ``trail`` holds the cursors of the pages before."""

    limit: Limit = 50
    cursor: Cursor | None = None
    trail: Annotated[str, Field(max_length=6000)] = ""

    @model_validator(mode="before")
    @classmethod
    def _empty_fields_limit_nothing(cls, data: Any) -> Any:
        return {name: value for name, value in data.items() if value != ""}

    @property
    def view(self) -> dict[str, Any]:
        """What the list is narrowed to, as it stands in an address."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude=_PAGING)

    @property
    def shown(self) -> dict[str, Any]:
        """Every field of the filter form, empty where it limits nothing."""
        return dict.fromkeys(type(self).model_fields.keys() - _PAGING, "") | self.view


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
        "exports": _exports(exchange, query),
        **await givable(exchange),
    }
    return Page("call_tasks.html", context, status=422 if problem else 200)


def _exports(exchange: Exchange, query: TasksPage) -> list[dict[str, str]]:
    if not exchange.principal.may("call_tasks.export"):
        return []
    return [
        {"label": label, "href": address("/api/v1/call-tasks/export", {**query.view, "format": form})}
        for form, label in (("xlsx", "Excel"), ("csv", "CSV"))
    ]
