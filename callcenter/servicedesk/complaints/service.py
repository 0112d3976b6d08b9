"""Complaints as a service: for the agent who writes one down, and for whoever handles them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.holders import load_holders
from callcenter.administration.principal import Principal
from callcenter.clock import iso, utc_now
from callcenter.dialling import dial_string
from callcenter.numbers import normalise
from callcenter.servicedesk.complaints.filing import ComplaintDraft, file_complaint
from callcenter.servicedesk.complaints.handling import (
    Classification,
    Settlement,
    Target,
    add_note,
    assign,
    classify,
    reopen,
    settle,
    take,
    tell_patient,
)
from callcenter.servicedesk.complaints.listing import ANY, ComplaintFilter, count_complaints, list_complaints
from callcenter.servicedesk.complaints.officers import Lack, lack_of_officers
from callcenter.servicedesk.complaints.rules import UNSETTLED
from callcenter.servicedesk.complaints.scope import complaint_scope, missing
from callcenter.servicedesk.complaints.views import (
    ComplaintView,
    complaints_statement,
    load_complaint_rows,
    load_steps,
)
from storage.database import Database
from storage.models import Complaint, UserAccount
from storage.models.base import NO
from storage.queries.paging import Page

EXPORT_CHUNK = 500
MOST_LIVE = 200


class Complaints:
    """Everything returned is plain JSON data; numbers are not masked here."""

    def __init__(self, database: Database, clock: IReactorTime, area_code: str = "") -> None:
        self._database = database
        self._clock = clock
        self._area_code = area_code

    # Looking; needs ``complaints.view``.

    async def list(
        self,
        principal: Principal,
        wanted: ComplaintFilter = ANY,
        limit: int = 50,
        cursor: str | None = None,
        sort: str = "",
    ) -> Page[ComplaintView]:
        """A page of complaints. What is refused: ``listing.list_complaints``."""
        return await self._database.read(list_complaints, principal, wanted, self._now, limit, cursor, sort)

    async def counts(self, principal: Principal, wanted: ComplaintFilter = ANY) -> dict[str, Any]:
        """How many of a list are in which state, and how many are overdue."""
        return await self._database.read(count_complaints, principal, wanted, self._now)

    async def get(self, principal: Principal, complaint_id: int) -> ComplaintView:
        """One complaint with its ``steps``, and whether it is ``overdue``. Raises ``NotFoundError``."""
        return await self._database.read(_get, principal, complaint_id, self._now)

    async def unsettled(self, principal: Principal) -> Sequence[ComplaintView]:
        """Those in reach that are not settled, the newest few: what a page that listens begins with."""
        wanted = ComplaintFilter(state="unsettled")
        page = await self._database.read(list_complaints, principal, wanted, self._now, MOST_LIVE, None)
        return page.items

    async def export(
        self, principal: Principal, wanted: ComplaintFilter = ANY, sort: str = ""
    ) -> AsyncIterator[Sequence[ComplaintView]]:
        """Chunks of the whole list; audited before the first one. Needs ``complaints.export``."""
        read, at = self._database.read, self._now
        page = await read(list_complaints, principal, wanted, at, EXPORT_CHUNK, None, sort, "complaints.export")
        await self._database.run(_audit_export, principal, wanted, at)
        while True:
            yield page.items
            if page.next is None:
                return
            page = await read(
                list_complaints, principal, wanted, at, EXPORT_CHUNK, page.next, sort, "complaints.export"
            )

    async def lack(self) -> Lack | None:
        """What the hospital lacks to handle complaints; no secret of anybody's."""
        return await self._database.read(lack_of_officers)

    async def people(self, principal: Principal) -> dict[str, Any]:
        """Whom it can be about (``staff``), in which ``departments``, and ``handlers``, for those who handle."""
        return await self._database.read(_people, principal)

    # Writing down; needs ``complaints.create``.

    async def file(self, principal: Principal, draft: ComplaintDraft) -> ComplaintView:
        """Write one down. Raises ``InvalidError``."""
        number = draft.number
        if number:
            number = normalise(number, self._area_code).number or dial_string(number, self._area_code)
        return await self._database.run(file_complaint, principal, replace(draft, number=number), self._now)

    # Handling; needs ``complaints.handle``. What is refused: ``handling``.

    async def classify(self, principal: Principal, target: Target, wanted: Classification) -> ComplaintView:
        """Change kind, severity, about whom, or when it is due."""
        return await self._database.run(classify, principal, target, wanted, self._now)

    async def take(self, principal: Principal, target: Target) -> ComplaintView:
        """Handle it oneself."""
        return await self._database.run(take, principal, target, self._now)

    async def assign(self, principal: Principal, target: Target, handler_id: int) -> ComplaintView:
        """Have somebody handle it."""
        return await self._database.run(assign, principal, target, handler_id, self._now)

    async def note(self, principal: Principal, target: Target, note: str) -> ComplaintView:
        """Write down what was done."""
        return await self._database.run(add_note, principal, target, note, self._now)

    async def settle(self, principal: Principal, target: Target, wanted: Settlement) -> ComplaintView:
        """End it."""
        return await self._database.run(settle, principal, target, wanted, self._now)

    async def reopen(self, principal: Principal, target: Target, note: str) -> ComplaintView:
        """Take it up again."""
        return await self._database.run(reopen, principal, target, note, self._now)

    async def tell_patient(self, principal: Principal, target: Target, note: str = "") -> ComplaintView:
        """The patient knows the result."""
        return await self._database.run(tell_patient, principal, target, note, self._now)

    @property
    def _now(self) -> datetime:
        return utc_now(self._clock)


def _get(session: Session, principal: Principal, complaint_id: int, at: datetime) -> ComplaintView:
    one = complaints_statement().where(Complaint.id == complaint_id, complaint_scope(principal))
    found = load_complaint_rows(session, one)
    if not found:
        raise missing(complaint_id)
    view, complaint = found[0]
    overdue = complaint.state in UNSETTLED and complaint.due_at is not None and complaint.due_at < at
    return view | {"overdue": overdue, "steps": load_steps(session, complaint_id)}


def _people(session: Session, principal: Principal) -> dict[str, Any]:
    if not (principal.may("complaints.create") or principal.may("complaints.handle")):
        principal.require("complaints.view")
        return {"staff": [], "departments": [], "handlers": []}
    found = load_holders(session, "complaints.handle")
    staff = select(UserAccount.id, UserAccount.display_name).where(UserAccount.disabled == NO)
    rows = session.execute(staff.order_by(UserAccount.display_name, UserAccount.id))
    return {
        "staff": [{"id": key, "name": name} for key, name in rows],
        "departments": found["departments"],
        "handlers": found["people"] if principal.may("complaints.handle") else [],
    }


def _audit_export(session: Session, principal: Principal, wanted: ComplaintFilter, at: datetime) -> None:
    limits = {name: value for name, value in vars(wanted).items() if value is not None}
    shown = {name: iso(value) if isinstance(value, datetime) else value for name, value in limits.items()}
    record_audit(session, principal, "export", "complaint", "", None, shown, at)
