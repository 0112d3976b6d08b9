"""The declare-once mechanism: a record is declared here, and list, form, API, schema, export and audit follow.

A ``Resource`` says which fields a record has; ``ResourceService`` (in resource_service) does the same things with every
one of them. What is particular to a record stands in its ``Hooks``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, inspect, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from callcenter.administration.fields import Field
from callcenter.administration.permissions import RESOURCES, Scope
from callcenter.administration.principal import Principal
from callcenter.administration.values import value_schema
from callcenter.errors import InvalidError, NotAllowedError
from callcenter.text import N_, Text
from storage.queries.paging import Page, Stretch, empty_last

DEFAULT_LIMIT = 50
MOST_PER_PAGE = 200


@dataclass(frozen=True)
class ListQuery:
    """What a list shows. ``sort`` is a field's name, with ``-`` before it to turn it round.

    ``filters`` maps fields to values as they stand in an address; ``disabled`` shows disabled records as well.
    """

    q: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = ""
    limit: int = DEFAULT_LIMIT
    cursor: str | None = None
    disabled: bool = False


def read_list_query(fields: Mapping[str, str]) -> ListQuery:
    """The list with these fields of its address, from its beginning."""
    named: dict[str, Any] = {name: value for name, value in fields.items() if name not in ("q", "sort", "disabled")}
    return ListQuery(fields.get("q", ""), named, fields.get("sort", ""))


class Hooks:
    """What is particular to one resource; these do nothing particular.

    All but ``prepare`` and ``committed`` run inside the transaction, on a thread of the database.
    """

    async def prepare(self, principal: Principal, values: dict[str, Any]) -> dict[str, Any]:
        """Slow work on checked values before the transaction begins; what it returns replaces them."""
        return values

    def reach(self, principal: Principal, permission: str) -> ColumnElement[bool]:
        """Which rows ``permission`` reaches; raises NotAllowedError without it.

        Here: records that belong to no department. Any scope sees them; only the widest may change them.
        """
        scope = principal.require(permission)
        if scope is not Scope.ALL and not permission.endswith(".view"):
            raise NotAllowedError(N_("Your roles allow this for your own department only."), permission=permission)
        return true()

    def search(
        self, session: Session, principal: Principal, query: ListQuery, conditions: Sequence[ColumnElement[bool]]
    ) -> Page[Any] | None:
        """Keys found by an index of its own, in order; None means that the searchable fields are compared."""
        return None

    def matching(self, principal: Principal, query: ListQuery) -> Sequence[ColumnElement[bool]] | None:
        """What ``search`` finds, as conditions on a row; None means that the searchable fields are compared."""
        return None

    def load(self, session: Session, keys: Sequence[Any]) -> Mapping[Any, Mapping[str, Any]]:
        """Key → values of the fields that are not stored in the row itself."""
        return {}

    def complete(self, principal: Principal, values: dict[str, Any]) -> None:
        """Fill in what a new record gets when nothing was said."""

    def resolve(self, principal: Principal, before: Mapping[str, Any], values: dict[str, Any]) -> None:
        """Replace in ``values`` what means something only beside the present record (``before``), such as masks."""

    def check(
        self, session: Session, principal: Principal, row: Any | None, before: Mapping[str, Any], values: dict[str, Any]
    ) -> None:
        """Raise what forbids making (``row`` None) or changing a record with ``values``; may put better ones in."""

    def columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Columns of the row that are no fields and follow from ``values``."""
        return {}

    def store(self, session: Session, principal: Principal, row: Any, values: Mapping[str, Any], now: datetime) -> None:
        """Write what is not stored in the row itself. The row has its key; it is flushed afterwards."""

    def check_disable(self, session: Session, principal: Principal, row: Any, before: Mapping[str, Any]) -> None:
        """Raise what forbids disabling or enabling the record."""

    def written(
        self,
        session: Session,
        row: Any,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        values: Mapping[str, Any],
    ) -> Any:
        """The record was written (``before`` is empty for a new one). What it returns is given to ``committed``."""

    async def committed(self, consequence: Any) -> None:
        """After the commit, on the reactor thread: tell whoever must know at once."""

    def decorate(self, records: Sequence[dict[str, Any]]) -> None:
        """Add to records that are to be shown what follows from their values."""

    def reveals(self, principal: Principal, record: Mapping[str, Any]) -> bool:
        """Whether ``principal`` sees the phone and id numbers of ``record``."""
        return principal.sees_numbers


@dataclass(frozen=True)
class Resource:
    """A declared record. ``name`` is the plural used in permissions, addresses and the audit log.

    ``singular`` is its subject type in the audit log; labels are msgids. ``title`` is the field that names a record.
    ``lists_disabled``: lists show disabled ones whether asked or not, because that is how new ones begin.
    """

    name: str
    singular: str
    label: str
    model: type[Any]
    fields: tuple[Field, ...]
    hooks: Hooks
    key: str = "id"
    title: str = "name"
    default_sort: str = "-id"
    lists_disabled: bool = False

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """Field name → field."""
        return {one.name: one for one in self.fields}

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """What roles can permit with it: view, create …"""
        return RESOURCES[self.name]

    @property
    def key_column(self) -> InstrumentedAttribute[Any]:
        """The column of the primary key."""
        return self.column(self.key)

    @cached_property
    def is_versioned(self) -> bool:
        """Whether rows count their changes; others are told apart by their contents."""
        return hasattr(self.model, "version")

    def column(self, name: str) -> InstrumentedAttribute[Any]:
        """The model's column of that name."""
        column: InstrumentedAttribute[Any] = getattr(self.model, name)
        return column

    def permission(self, action: str) -> str:
        """The permission for an action; raises NotAllowedError for an action that nobody can be permitted."""
        if action not in self.actions:
            raise NotAllowedError(N_("This cannot be done with these records."), action=action)
        return f"{self.name}.{action}"

    @cached_property
    def sorts(self) -> tuple[str, ...]:
        """What a list can be sorted by."""
        return (self.key, *(one.name for one in self.fields if one.sortable and one.name != self.key))

    @cached_property
    def filters(self) -> tuple[str, ...]:
        """What a list can be filtered by."""
        return tuple(one.name for one in self.fields if one.filterable)

    def writable(self, *, creating: bool) -> tuple[Field, ...]:
        """The fields that a body may name."""
        return tuple(one for one in self.fields if not one.readonly and (creating or not one.fixed))

    def stretches(self, sort: str) -> list[Stretch]:
        """The stretches of a list sorted by ``sort``. Raises InvalidError naming what is allowed."""
        name, descending = chosen_sort(sort, self.default_sort, self.sorts)
        if name == self.key:
            return [Stretch([self.key_column], descending)]
        if inspect(self.model).columns[name].nullable:
            return empty_last(self.column(name), self.key_column, descending=descending)
        return [Stretch([self.column(name), self.key_column], descending)]

    def json_schema(self, *, creating: bool) -> dict[str, Any]:
        """The JSON schema of the body that makes or changes a record."""
        fields = self.writable(creating=creating)
        properties = {one.name: value_schema(one) for one in fields}
        needed = [one.name for one in fields if one.required or one.needed_new] if creating else ["version"]
        if not creating:
            properties["version"] = {"type": "integer"}
        return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}

    def view_schema(self) -> dict[str, Any]:
        """The JSON schema of a record as it is shown."""
        key_type = "integer" if self.key_column.type.python_type is int else "string"
        properties: dict[str, Any] = {self.key: {"type": key_type}}
        for one in self.fields:
            if not one.secret:
                properties[one.name] = value_schema(one)
            if one.reference is not None:
                properties[one.shown_as] = _NAMED_LIST if one.name.endswith("_ids") else _NAMED
        properties |= {"disabled": {"type": "boolean"}, "version": {"type": "integer"}}
        return {"type": "object", "properties": properties}


_NAMED = {
    "type": ["object", "null"],
    "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
    "required": ["id", "name"],
}
_NAMED_LIST = {"type": "array", "items": {**_NAMED, "type": "object"}}


def chosen_sort(sort: str, default: str, allowed: Sequence[str]) -> tuple[str, bool]:
    """What to sort by and whether it goes down: ``sort``, with ``-`` before it for down, else ``default``.

    Raises InvalidError naming what is allowed.
    """
    wanted = sort or default
    name = wanted.removeprefix("-")
    if name not in allowed:
        raise refused("sort", allowed)
    return name, wanted.startswith("-")


def lost_place() -> InvalidError:
    """The error for a cursor that is none of the list's, as it is filtered and sorted now."""
    message = N_("This list cannot be continued from here. Start at its beginning.")
    return InvalidError(message, {"cursor": message})


def refused(what: str, allowed: Sequence[str]) -> InvalidError:
    """The error for a sort, filter or field that was not declared; it names those that are."""
    message = Text(N_("{what} is not known here. Allowed are: {allowed}."), what=what, allowed=", ".join(allowed))
    return InvalidError(message, {what: message}, allowed=list(allowed))
