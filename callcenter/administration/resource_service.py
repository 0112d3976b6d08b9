"""The same service for every declared record: list, get, create, edit, disable, export, with checks and audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVarTuple

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration import reading, writing
from callcenter.administration.audit import record_audit
from callcenter.administration.disclosure import masked
from callcenter.administration.fields import Field
from callcenter.administration.principal import Principal
from callcenter.administration.reading import Record
from callcenter.administration.resources import MOST_PER_PAGE, ListQuery, Resource, refused
from callcenter.administration.writing import Written
from callcenter.clock import utc_now
from callcenter.errors import ConflictError
from callcenter.once import run_once
from storage.database import Database
from storage.models.base import NO
from storage.queries.paging import Page

MOST_OPTIONS = 500

A = TypeVarTuple("A")

Records = list[Record]
Fields = list[Field]


class ResourceService:
    """Services of one declared record. Everything returned is plain JSON data, numbers masked where they must be.

    A record is ``{"id", …fields, "disabled", "version"}``; a field ``department_id`` is followed by
    ``department: {"id", "name"}``. All methods raise ``callcenter.errors`` only.
    """

    def __init__(self, resource: Resource, database: Database, clock: IReactorTime) -> None:
        self.resource = resource
        self._database = database
        self._clock = clock

    async def list(self, principal: Principal, query: ListQuery | None = None) -> Page[Record]:
        """A page of records with the fields that lists show."""
        page = await self._database.read(reading.load_page, self.resource, principal, query or ListQuery())
        return Page([self.disclosed(principal, record) for record in page.items], page.next)

    async def get(self, principal: Principal, key: Any) -> Record:
        """One record with all its fields."""
        record = await self._database.read(reading.load_record, self.resource, principal, key)
        return self.disclosed(principal, record)

    async def create(self, principal: Principal, body: Any) -> Record:
        """Make a record of the fields in ``body``. Raises InvalidError with what is wrong by field."""
        principal.require(self.resource.permission("create"))
        values = writing.read_body(self.resource, body, creating=True)
        values = await self.resource.hooks.prepare(principal, values)
        now = utc_now(self._clock)
        return await self._written(principal, await self._write(writing.make_record, principal, values, now))

    async def edit(self, principal: Principal, key: Any, body: Any, version: Any = None) -> Record:
        """Change the fields that ``body`` names. The version that was changed is given, or stands in ``body``.

        Raises ConflictError when the record has another version by now; ``details["current"]`` is the record.
        """
        principal.require(self.resource.permission("edit"))
        fields = {name: value for name, value in body.items() if name != "version"} if _is_mapping(body) else body
        values = writing.read_body(self.resource, fields, creating=False)
        meant = writing.read_version(body.get("version") if version is None and _is_mapping(body) else version)
        values = await self.resource.hooks.prepare(principal, values)
        now = utc_now(self._clock)
        try:
            written = await self._write(writing.change_record, principal, key, values, meant, now)
        except ConflictError as error:
            raise self._told(principal, error) from None
        return await self._written(principal, written)

    async def disable(self, principal: Principal, key: Any, version: Any = None) -> Record:
        """Put a record out of use. It stays where it was used, and is not offered any more."""
        return await self._set_disabled(principal, key, True, version)

    async def enable(self, principal: Principal, key: Any, version: Any = None) -> Record:
        """Take a record into use again."""
        return await self._set_disabled(principal, key, False, version)

    async def export(self, principal: Principal, query: ListQuery | None = None) -> AsyncIterator[Records]:
        """All records of the list, page by page, numbers masked where they must be. Audited before the first page."""
        wanted = replace(query or ListQuery(), limit=MOST_PER_PAGE, cursor=None)
        principal.require(self.resource.permission("export"))
        await self._database.run(_record_export, self.resource, principal, wanted, utc_now(self._clock))
        while True:
            page = await self._database.read(reading.load_page, self.resource, principal, wanted, "export")
            yield [self.disclosed(principal, record) for record in page.items]
            if page.next is None:
                return
            wanted = replace(wanted, cursor=page.next)

    def export_fields(self) -> Fields:
        """The columns of an export, in order."""
        return [one for one in self.resource.fields if one.in_list and one.export]

    async def options(self, principal: Principal, name: str) -> Records:
        """What a reference can be set to: ``[{"id", "name"}]`` by name, for whoever may make or change records."""
        field = self.resource.by_name.get(name)
        if field is None or field.reference is None:
            raise refused(name, [one.name for one in self.resource.fields if one.reference is not None])
        if not any(principal.may(f"{self.resource.name}.{action}") for action in ("create", "edit")):
            principal.require(self.resource.permission("view"))
        return await self._database.read(_load_options, field)

    async def names(self, principal: Principal, keys: Iterable[Any]) -> dict[Any, str]:
        """Key → name of those of ``keys`` that ``principal`` may see; none for whoever may see no such records."""
        wanted = sorted(set(keys))
        if not wanted or not principal.may(self.resource.permission("view")):
            return {}
        return await self._database.read(reading.load_names, self.resource, principal, wanted)

    def disclosed(self, principal: Principal, record: Record) -> Record:
        """``record`` as ``principal`` may see it."""
        if self.resource.hooks.reveals(principal, record):
            return record
        hidden: Record = masked(record)
        return hidden

    async def _set_disabled(self, principal: Principal, key: Any, disabled: bool, version: Any) -> Record:
        principal.require(self.resource.permission("disable"))
        meant = None if version is None else writing.read_version(version)
        now = utc_now(self._clock)
        try:
            written = await self._write(writing.set_disabled, principal, key, disabled, meant, now)
        except ConflictError as error:
            raise self._told(principal, error) from None
        return await self._written(principal, written)

    async def _write(self, function: Callable[[Session, Resource, *A], Written], *arguments: *A) -> Written:
        """Two may write the same unique value, or use what is removed, at one moment: the second one is told what is
        wrong with that by whatever checks it, or at least that there is somebody else.
        """
        try:
            return await run_once(self._database, function, self.resource, *arguments)
        except IntegrityError as error:
            raise ConflictError(writing.CHANGED_MEANWHILE, resource=self.resource.name) from error

    async def _written(self, principal: Principal, written: Written) -> Record:
        if written.consequence is not None:
            await self.resource.hooks.committed(written.consequence)
        return self.disclosed(principal, written.record)

    def _told(self, principal: Principal, error: ConflictError) -> ConflictError:
        """The conflict with what is true now, as far as ``principal`` may see it."""
        if "current" in error.details:
            error.details["current"] = self.disclosed(principal, error.details["current"])
        return error


def _is_mapping(body: Any) -> bool:
    return isinstance(body, Mapping)


def _record_export(session: Session, resource: Resource, principal: Principal, query: ListQuery, now: Any) -> None:
    asked = {"filters": dict(query.filters), "sort": query.sort, "disabled": query.disabled, "searched": bool(query.q)}
    record_audit(session, principal, "export", resource.singular, "", None, asked, now)


def _load_options(session: Session, field: Field) -> list[Record]:
    if field.reference is None:
        return []
    model, title = field.reference.model, getattr(field.reference.model, field.reference.title)
    statement = select(model.id, title).where(model.disabled == NO).order_by(title, model.id).limit(MOST_OPTIONS)
    return [{"id": key, "name": name} for key, name in session.execute(statement)]
