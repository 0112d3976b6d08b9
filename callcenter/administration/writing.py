"""Makes, changes and disables the rows of a resource: validation, reach, optimistic lock, audit. In transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.fields import Field, Kind
from callcenter.administration.principal import Principal
from callcenter.administration.reading import Record, find_row, read_key, show_records, snapshot, version_of
from callcenter.administration.resources import Resource, refused
from callcenter.administration.unmasking import resolve_masks
from callcenter.administration.values import NEEDED, FieldError, read_value, show_value
from callcenter.errors import ConflictError, InvalidError, NotAllowedError
from callcenter.text import N_

NOT_ACCEPTED = N_("Some values are not valid.")
CHANGED_MEANWHILE = N_("Somebody else changed this in the meantime. Look at what is there now and try again.")


@dataclass(frozen=True)
class Written:
    """What was written: the record as it is now, and what the hooks want to be told after the commit."""

    record: Record
    consequence: Any = None


def read_body(resource: Resource, body: Any, *, creating: bool) -> dict[str, Any]:
    """The values that ``body`` names, cleaned. Raises InvalidError with every field that is wrong, unknown ones too."""
    if not isinstance(body, Mapping):
        raise InvalidError(N_("Send the fields of the record by name."))
    fields = {one.name: one for one in resource.writable(creating=creating)}
    wrong: dict[str, str] = {}
    values: dict[str, Any] = {}
    for name, value in body.items():
        if name not in fields:
            wrong[str(name)[:80]] = refused(str(name)[:80], list(fields)).message
            continue
        try:
            values[name] = read_value(fields[name], value)
        except FieldError as error:
            wrong[name] = error.args[0]
    if creating:
        wrong = {one.name: NEEDED for one in fields.values() if _lacks(one, body, values)} | wrong
    if wrong:
        raise InvalidError(NOT_ACCEPTED, wrong)
    return values


def _lacks(field: Field, body: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a new record lacks a value; an empty one of a required field is refused as it is read."""
    return (field.required and field.name not in body) or (field.needed_new and not values.get(field.name))


def read_version(version: Any) -> int:
    """The version that the change is meant for; raises InvalidError without one."""
    if type(version) is str and version.isascii() and version.isdigit():
        version = int(version[:20])
    if type(version) is not int:
        message = N_("Send the version of the record that you changed.")
        raise InvalidError(message, {"version": message})
    return version


def make_record(
    session: Session, resource: Resource, principal: Principal, values: dict[str, Any], now: datetime
) -> Written:
    """Make a record with checked ``values``."""
    permission = resource.permission("create")
    resource.hooks.reach(principal, permission)
    # The function may run again after a failure: it must find what it was given.
    values = dict(values)
    resource.hooks.complete(principal, values)
    resource.hooks.resolve(principal, {}, values)
    _check_references(session, resource, values, {})
    _check_unique(session, resource, values, None)
    resource.hooks.check(session, principal, None, {}, values)
    row = resource.model(**_columns(resource, values), **_times(resource, now, made=True))
    session.add(row)
    session.flush()
    resource.hooks.store(session, principal, row, values, now)
    session.flush()
    return _finish(session, resource, principal, "create", row, None, now, values)


def change_record(
    session: Session,
    resource: Resource,
    principal: Principal,
    key: Any,
    values: dict[str, Any],
    version: int,
    now: datetime,
) -> Written:
    """Change a record that has ``version`` still; raises ConflictError with the present record otherwise."""
    values = dict(values)
    row = find_row(session, resource, principal, "edit", read_key(resource, key), lock=True)
    before = _present(session, resource, row)
    _require_version(session, resource, row, before, version)
    resolve_masks(resource, principal, before, values)
    values = {name: value for name, value in values.items() if _differs(resource.by_name[name], before, value)}
    _check_references(session, resource, values, before)
    _check_unique(session, resource, values, row)
    resource.hooks.check(session, principal, row, before, values)
    if not values:
        return Written(show_records(session, resource, [row])[0])
    for name, value in _columns(resource, values).items():
        setattr(row, name, value)
    resource.hooks.store(session, principal, row, values, now)
    _count_change(resource, row, now)
    session.flush()
    return _finish(session, resource, principal, "edit", row, before, now, values)


def set_disabled(
    session: Session,
    resource: Resource,
    principal: Principal,
    key: Any,
    disabled: bool,
    version: int | None,
    now: datetime,
) -> Written:
    """Disable or enable a record. Doing it again changes nothing."""
    row = find_row(session, resource, principal, "disable", read_key(resource, key), lock=True)
    before = _present(session, resource, row)
    if version is not None:
        _require_version(session, resource, row, before, version)
    if row.disabled == disabled:
        return Written(show_records(session, resource, [row])[0])
    resource.hooks.check_disable(session, principal, row, before)
    row.disabled = disabled
    _count_change(resource, row, now)
    session.flush()
    return _finish(session, resource, principal, "disable" if disabled else "enable", row, before, now)


def _finish(
    session: Session,
    resource: Resource,
    principal: Principal,
    action: str,
    row: Any,
    before: Record | None,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> Written:
    """What every write ends with: still in reach, audited, the hooks asked; and the record to give back."""
    key = getattr(row, resource.key)
    _require_in_reach(session, resource, principal, action, key)
    after = _present(session, resource, row)
    told = after | _secrets(resource, values or {})
    record_audit(session, principal, action, resource.singular, key, before, told, now)
    consequence = resource.hooks.written(session, row, before or {}, after, values or {})
    return Written(show_records(session, resource, [row])[0], consequence)


def _require_in_reach(session: Session, resource: Resource, principal: Principal, action: str, key: Any) -> None:
    """Nobody puts a record where he could not have touched it."""
    permission = resource.permission("disable" if action == "enable" else action)
    reach = resource.hooks.reach(principal, permission)
    if session.scalar(select(resource.key_column).where(resource.key_column == key, reach)) is None:
        raise NotAllowedError(N_("The record would be outside of what you may reach."), permission=permission)


def _present(session: Session, resource: Resource, row: Any) -> Record:
    key = getattr(row, resource.key)
    return snapshot(resource, row, resource.hooks.load(session, [key]).get(key, {}))


def _require_version(session: Session, resource: Resource, row: Any, present: Record, version: int) -> None:
    if version_of(resource, row, present) != version:
        raise ConflictError(CHANGED_MEANWHILE, current=show_records(session, resource, [row])[0])


def _differs(field: Field, before: Record, value: Any) -> bool:
    """An empty password leaves the present one; everything else is compared with what is there."""
    return bool(value) if field.secret else before[field.name] != show_value(field, value)


def _columns(resource: Resource, values: Mapping[str, Any]) -> dict[str, Any]:
    stored = {name: value for name, value in values.items() if resource.by_name[name].stored}
    return stored | resource.hooks.columns(values)


def _secrets(resource: Resource, values: Mapping[str, Any]) -> dict[str, str]:
    """That a secret was changed is told, not to what."""
    return {name: "***" for name in values if resource.by_name[name].secret}


def _times(resource: Resource, now: datetime, *, made: bool) -> dict[str, datetime]:
    names = ("created_at", "updated_at") if made else ("updated_at",)
    return {name: now for name in names if hasattr(resource.model, name)}


def _count_change(resource: Resource, row: Any, now: datetime) -> None:
    if resource.is_versioned:
        row.version += 1
    for name, moment in _times(resource, now, made=False).items():
        setattr(row, name, moment)


def _check_references(session: Session, resource: Resource, values: Mapping[str, Any], before: Record) -> None:
    """What is referred to exists and is not disabled; what was referred to before may stay."""
    wrong = {}
    for one in resource.fields:
        if one.reference is None or one.name not in values:
            continue
        wanted = set(_as_list(one, values[one.name])) - set(_as_list(one, before.get(one.name)))
        if wanted - _usable(session, one, wanted):
            wrong[one.name] = N_("This does not exist any more. Choose another.")
    if wrong:
        raise InvalidError(NOT_ACCEPTED, wrong)


def _as_list(field: Field, value: Any) -> Sequence[int]:
    if field.kind is Kind.REFERENCES:
        return value or []
    return [] if value is None else [value]


def _usable(session: Session, field: Field, ids: set[int]) -> set[int]:
    if not ids or field.reference is None:
        return set()
    model = field.reference.model
    return {row.id for row in session.scalars(select(model).where(model.id.in_(sorted(ids)))) if not row.disabled}


def _check_unique(session: Session, resource: Resource, values: Mapping[str, Any], row: Any | None) -> None:
    wrong = {}
    for one in resource.fields:
        if one.unique and values.get(one.name):
            others = select(resource.key_column).where(resource.column(one.name) == values[one.name])
            if row is not None:
                others = others.where(resource.key_column != getattr(row, resource.key))
            if session.scalar(others.limit(1)) is not None:
                wrong[one.name] = N_("This is in use already.")
    if wrong:
        raise InvalidError(NOT_ACCEPTED, wrong)
