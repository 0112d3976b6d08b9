"""Reads the rows of a resource as JSON data: pages and single records. Functions run in transactions."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.fields import Field, Kind
from callcenter.administration.principal import Principal
from callcenter.administration.resources import MOST_PER_PAGE, ListQuery, Resource, lost_place, refused
from callcenter.administration.values import FieldError, clean, read_value, show_value
from callcenter.errors import InvalidError, NotFoundError
from callcenter.text import N_
from storage.models.base import NO
from storage.queries.paging import Page, paged

Record = dict[str, Any]

MOST_WORDS = 6
MOST_NAMES = 500


def snapshot(resource: Resource, row: Any, loaded: Mapping[str, Any]) -> Record:
    """Every declared value of a row but secrets, as JSON data; ``loaded`` has those kept in other tables."""
    values = {
        one.name: show_value(one, getattr(row, one.name) if one.stored else loaded.get(one.name))
        for one in resource.fields
        if not one.secret
    }
    return values | {"disabled": row.disabled}


def version_of(resource: Resource, row: Any, values: Mapping[str, Any]) -> int:
    """What changes whenever the record does: a count, or a checksum of what is in it."""
    if resource.is_versioned:
        return int(row.version)
    return zlib.crc32(json.dumps(values, sort_keys=True, ensure_ascii=False).encode("utf-8"))


def show_records(session: Session, resource: Resource, rows: Sequence[Any], *, for_list: bool = False) -> list[Record]:
    """The rows as JSON data, with the names of what they refer to."""
    keys = [getattr(row, resource.key) for row in rows]
    loaded = resource.hooks.load(session, keys) if keys else {}
    fields = [one for one in resource.fields if one.in_list or not for_list]
    shown = []
    for row, key in zip(rows, keys, strict=True):
        values = snapshot(resource, row, loaded.get(key, {}))
        kept = {one.name: values[one.name] for one in fields if not one.secret}
        shown.append(
            {resource.key: key} | kept | {"disabled": row.disabled, "version": version_of(resource, row, values)}
        )
    for one in fields:
        if one.reference is not None:
            _add_names(session, one, shown)
    resource.hooks.decorate(shown)
    return shown


def _add_names(session: Session, field: Field, records: Sequence[Record]) -> None:
    """Beside the ids of ``field``, the ids with their names."""
    names = reference_names(session, field, {key for record in records for key in _ids(record[field.name])})
    for record in records:
        named = [{"id": key, "name": names.get(key, "")} for key in _ids(record[field.name])]
        record[field.shown_as] = named if field.kind is Kind.REFERENCES else next(iter(named), None)


def _ids(value: Any) -> list[int]:
    """The ids in the value of a reference, be it one or many."""
    return value if type(value) is list else [value] if value is not None else []


def load_names(session: Session, resource: Resource, principal: Principal, keys: Sequence[Any]) -> dict[Any, str]:
    """Key → what names the record, of those ``keys`` that ``principal`` may see."""
    reach = resource.hooks.reach(principal, resource.permission("view"))
    columns = select(resource.key_column, resource.column(resource.title)).where(reach)
    names: dict[Any, str] = {}
    for start in range(0, len(keys), MOST_NAMES):
        found = session.execute(columns.where(resource.key_column.in_(keys[start : start + MOST_NAMES])))
        names.update((key, name) for key, name in found)
    return names


def reference_names(session: Session, field: Field, ids: set[int]) -> dict[int, str]:
    """Id → name of the records that ``field`` points to; those that do not exist are missing."""
    if not ids or field.reference is None:
        return {}
    model, title = field.reference.model, getattr(field.reference.model, field.reference.title)
    found = session.execute(select(model.id, title).where(model.id.in_(sorted(ids))))
    return {key: name for key, name in found}  # noqa: C416 - rows are no pairs to the type checker


def read_key(resource: Resource, key: Any) -> Any:
    """``key`` as the primary key's type; raises NotFoundError for what cannot be one."""
    if resource.key_column.type.python_type is str:
        if type(key) is not str or not key or clean(key) != key:
            raise missing(resource)
        return key
    try:
        number = int(key) if type(key) in (int, str) else 0
    except ValueError:
        number = 0
    if not 0 < number < 2**63:
        raise missing(resource)
    return number


def missing(resource: Resource) -> NotFoundError:
    """There is none, or none that this person may know of."""
    return NotFoundError(N_("There is no such record, or you may not see it."), resource=resource.name)


def find_row(
    session: Session, resource: Resource, principal: Principal, action: str, key: Any, *, lock: bool = False
) -> Any:
    """The row with ``key`` if ``action`` reaches it, and viewing too; raises NotAllowedError, NotFoundError."""
    reach = resource.hooks.reach(principal, resource.permission(action))
    statement = select(resource.model).where(resource.key_column == key, reach)
    if action != "view":
        statement = statement.where(resource.hooks.reach(principal, resource.permission("view")))
    if lock:
        statement = statement.with_for_update()
    row = session.scalar(statement)
    if row is None:
        raise missing(resource)
    return row


def load_record(session: Session, resource: Resource, principal: Principal, key: Any) -> Record:
    """One record as JSON data."""
    row = find_row(session, resource, principal, "view", read_key(resource, key))
    return show_records(session, resource, [row])[0]


def load_page(
    session: Session, resource: Resource, principal: Principal, query: ListQuery, action: str = "view"
) -> Page[Record]:
    """A page of the records that ``action`` reaches. Raises InvalidError for a sort, filter or cursor that is wrong."""
    reach = resource.hooks.reach(principal, resource.permission("view"))
    if action != "view":
        reach = and_(reach, resource.hooks.reach(principal, resource.permission(action)))
    stretches = resource.stretches(query.sort)
    conditions = [
        *_filters(resource, query.filters),
        *([] if query.disabled or resource.lists_disabled else [resource.column("disabled") == NO]),
    ]
    limit = min(max(query.limit, 1), MOST_PER_PAGE)
    text = clean(query.q)
    try:
        found = resource.hooks.search(session, principal, query, conditions) if text else None
        if found is not None:
            return _by_keys(session, resource, reach, found)
        statement = select(resource.model).where(reach, *conditions, *_contains(resource, text))
        page = paged(lambda part: session.scalars(part).all(), statement, stretches, query.cursor, limit)
    except ValueError as error:
        raise lost_place() from error
    return Page(show_records(session, resource, page.items, for_list=True), page.next)


def select_keys(resource: Resource, principal: Principal, query: ListQuery) -> Select[Any]:
    """The keys of all records of the list, however many, without an order. Raises InvalidError for a wrong filter."""
    matching = resource.hooks.matching(principal, query) if clean(query.q) else ()
    return select(resource.key_column).where(
        resource.hooks.reach(principal, resource.permission("view")),
        *_filters(resource, query.filters),
        *([] if query.disabled or resource.lists_disabled else [resource.column("disabled") == NO]),
        *(_contains(resource, clean(query.q)) if matching is None else matching),
    )


def check_query(resource: Resource, query: ListQuery) -> None:
    """Raise InvalidError where ``query`` has an order or filter that the list does not take."""
    resource.stretches(query.sort)
    _filters(resource, query.filters)


def _by_keys(session: Session, resource: Resource, reach: ColumnElement[bool], found: Page[Any]) -> Page[Record]:
    statement = select(resource.model).where(resource.key_column.in_(found.items), reach)
    rows = {getattr(row, resource.key): row for row in session.scalars(statement)}
    ordered = [rows[key] for key in found.items if key in rows]
    return Page(show_records(session, resource, ordered, for_list=True), found.next)


def _filters(resource: Resource, filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    conditions = []
    wrong: dict[str, str] = {}
    for name, value in filters.items():
        if name not in resource.filters:
            raise refused(name, resource.filters)
        if value in ("", None):
            continue
        try:
            wanted = read_value(resource.by_name[name], value)
        except FieldError as error:
            wrong[name] = error.args[0]
            continue
        conditions.append(resource.column(name) == literal(wanted, resource.column(name).type))
    if wrong:
        raise InvalidError(N_("The list cannot be filtered like this."), wrong)
    return conditions


def _contains(resource: Resource, text: str) -> list[ColumnElement[bool]]:
    """Each word stands in one of the searchable fields."""
    columns = [func.lower(resource.column(one.name)) for one in resource.fields if one.searchable and one.stored]
    return [
        or_(*(column.contains(word, autoescape=True) for column in columns))
        for word in text.lower().split()[:MOST_WORDS]
        if columns
    ]
