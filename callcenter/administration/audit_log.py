"""Reading the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.disclosure import disclose
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.administration.resources import chosen_sort
from callcenter.clock import iso, utc_now
from callcenter.paging import page_of
from storage.database import Database
from storage.models import AuditEntry, UserAccount
from storage.queries.paging import Page, Stretch

MOST_PER_PAGE = 200
DEFAULT_SORT = "-at"
SORTS = ("at",)
_EXPORTED_AT_ONCE = 500

Entry = dict[str, Any]


@dataclass(frozen=True)
class AuditFilter:
    """Which entries; what is empty does not matter. ``since`` is included, ``until`` is not; both aware."""

    user_id: int | None = None
    action: str = ""
    subject_type: str = ""
    subject_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


class AuditLog:
    """The log for those who may read it; numbers masked for those who may not see them."""

    def __init__(self, database: Database, clock: IReactorTime) -> None:
        self._database = database
        self._clock = clock

    async def list(
        self,
        principal: Principal,
        wanted: AuditFilter | None = None,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[Entry]:
        """A page of entries, newest first unless ``sort`` is ``at``.

        Raises NotAllowedError, and InvalidError for a broken cursor or an unknown order.
        """
        limit = min(max(limit, 1), MOST_PER_PAGE)
        return await self._page(principal, "audit.view", wanted or AuditFilter(), limit, cursor, sort)

    async def export(
        self, principal: Principal, wanted: AuditFilter | None = None, sort: str = ""
    ) -> AsyncIterator[Any]:
        """All entries, as lists of some hundred; the export itself is entered first."""
        principal.require("audit.export")
        chosen_sort(sort, DEFAULT_SORT, SORTS)
        now = utc_now(self._clock)
        asked = wanted or AuditFilter()
        told = {name: _plain(value) for name, value in vars(asked).items() if value}
        await self._database.run(record_audit, principal, "export", "audit", "", None, told, now)
        bounded = replace(asked, until=min(asked.until or now, now))
        cursor = None
        while True:
            page = await self._page(principal, "audit.export", bounded, _EXPORTED_AT_ONCE, cursor, sort)
            yield page.items
            if (cursor := page.next) is None:
                return

    async def _page(
        self, principal: Principal, permission: str, wanted: AuditFilter, limit: int, cursor: str | None, sort: str
    ) -> Page[Entry]:
        page = await self._database.read(_load_entries, principal, permission, wanted, limit, cursor, sort)
        return Page([disclose(entry, principal) for entry in page.items], page.next)


def _plain(value: Any) -> Any:
    return iso(value) if type(value) is datetime else value


def _load_entries(
    session: Session,
    principal: Principal,
    permission: str,
    wanted: AuditFilter,
    limit: int,
    cursor: str | None,
    sort: str,
) -> Page[Entry]:
    reach = _REACH[principal.require(permission)](principal)
    statement = select(AuditEntry).where(reach, *_conditions(wanted))
    _, descending = chosen_sort(sort, DEFAULT_SORT, SORTS)
    stretches = [Stretch([AuditEntry.id], descending)]
    page = page_of(lambda part: session.scalars(part).all(), statement, stretches, limit, cursor)
    return Page([_entry(row) for row in page.items], page.next)


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    columns = {
        AuditEntry.user_id: wanted.user_id,
        AuditEntry.action: wanted.action,
        AuditEntry.subject_type: wanted.subject_type,
        AuditEntry.subject_id: wanted.subject_id,
    }
    conditions = [column == value for column, value in columns.items() if value not in (None, "")]
    if wanted.since is not None:
        conditions.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(AuditEntry.at < wanted.until)
    return conditions


def _department(principal: Principal) -> ColumnElement[bool]:
    if principal.department_id is None:
        return _own(principal)
    colleagues = select(UserAccount.id).where(UserAccount.department_id == principal.department_id)
    return or_(AuditEntry.user_id.in_(colleagues), _own(principal))


def _own(principal: Principal) -> ColumnElement[bool]:
    return AuditEntry.user_id == principal.user_id


_REACH: Mapping[Scope, Callable[[Principal], ColumnElement[bool]]] = MappingProxyType(
    {Scope.OWN: _own, Scope.DEPARTMENT: _department, Scope.ALL: lambda _: true()}
)


def _entry(row: AuditEntry) -> Entry:
    return {
        "id": row.id,
        "at": iso(row.at),
        "user_id": row.user_id,
        "username": row.username,
        "address": row.address,
        "action": row.action,
        "subject_type": row.subject_type,
        "subject_id": row.subject_id,
        "before": row.before,
        "after": row.after,
    }
