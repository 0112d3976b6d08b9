"""What API and pages share about declared records: which service, what a list's address says, what an export shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from callcenter.administration.resources import ListQuery
from web.api.models import Cursor, Limit
from web.exchange import Exchange
from web.exports import Column
from web.field_words import field_text
from web.parsing import Input
from web.services import Services

NAMES = (
    *("users", "roles", "departments", "outcomes", "groups", "skills"),
    *("templates", "phrases", "auto_replies", "scripts", "articles"),
)
"""Declared records with generic pages and addresses; patients have more of their own."""

_SHORT = 200


class ListInput(Input):
    """A list as it stands in an address; every other name is a filter, which the declaration must know."""

    model_config = Input.model_config | {"extra": "allow"}

    q: str = Field("", max_length=_SHORT)
    sort: str = Field("", max_length=60)
    limit: Limit = 50
    cursor: Cursor | None = None
    disabled: bool = False

    @property
    def filters(self) -> Mapping[str, Any]:
        """The filters that were asked for; an empty one is none. Which there are is checked by the service."""
        return {name: value for name, value in (self.model_extra or {}).items() if value != ""}

    def list_query(self) -> ListQuery:
        """What the service takes."""
        return ListQuery(self.q, self.filters, self.sort, self.limit, self.cursor, self.disabled)


class ExportInput(ListInput):
    """The whole list as a file; ``limit`` and ``cursor`` do not matter."""

    format: Literal["csv", "xlsx"] = "xlsx"


def service_of(services: Services, name: str) -> Any:
    """What does things with the records of ``name``; for patients it also logs who looks and finds duplicates."""
    return services.patients if name == "patients" else services.resources[name]


def declaration(services: Services, name: str) -> Any:
    """The Resource of that name."""
    return services.resources[name].resource


def record_columns(exchange: Exchange, name: str) -> list[Column]:
    """The columns of an export, headed in the language of whoever asks."""
    fields = [one for one in exchange.services.resources[name].export_fields() if not one.secret]
    return [Column(exchange.translate(one.label), _cell(exchange, one)) for one in fields]


def _cell(exchange: Exchange, field: Any) -> Any:
    def value(record: Mapping[str, Any]) -> Any:
        return field_text(exchange, field, record)

    return value
