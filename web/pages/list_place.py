"""A list as it stands in an address: where in it one is, and what it is narrowed to."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from web.api.models import Cursor, Limit
from web.parsing import Filters

_PLACE = {"limit", "cursor", "trail", "plain"}


class ListPlace(Filters):
    """Base of a list page's address, beside what narrows it. ``trail`` holds the cursors of the pages before."""

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
        return self.model_dump(mode="json", exclude_defaults=True, exclude=_PLACE)

    @property
    def shown(self) -> dict[str, Any]:
        """Every field of the filter form, empty where it limits nothing."""
        return dict.fromkeys(type(self).model_fields.keys() - _PLACE, "") | self.view
