"""Patients for everybody who works with them: list, record, card, timeline, and whose number it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from twisted.internet.interfaces import IReactorTime

from callcenter.administration.audit import record_audit
from callcenter.administration.disclosure import RecentViews, disclose, masked
from callcenter.administration.principal import Principal
from callcenter.administration.reading import Record, read_key
from callcenter.administration.resource_service import ResourceService
from callcenter.administration.resources import MOST_PER_PAGE, ListQuery, Resource
from callcenter.clock import utc_now
from callcenter.crm.cards import load_card, load_match
from callcenter.crm.duplicates import load_duplicates, same_name_and_number
from callcenter.crm.timeline import load_timeline, reveal_numbers
from callcenter.numbers import format_number, normalise, region_of
from storage.database import Database
from storage.queries.paging import Page

MOST_DUPLICATES = 5
TIMELINE_LIMIT = 50
_SUBJECT = "patient"


class PatientService:
    """Everything returned is plain JSON data, numbers masked unless ``patients.unmask`` reaches the patient.

    Looking at a record or card with its numbers is audited, once an hour for each person and patient.
    """

    def __init__(self, resource: Resource, database: Database, clock: IReactorTime, area_code: str = "") -> None:
        self.records = ResourceService(resource, database, clock)
        self._database = database
        self._clock = clock
        self._area_code = area_code
        self._views = RecentViews()

    async def list(self, principal: Principal, query: ListQuery | None = None) -> Page[Record]:
        """A page of patients; ``query.q`` finds by name, pinyin, initials, number fragment and record number."""
        return await self.records.list(principal, query)

    async def get(self, principal: Principal, patient_id: Any) -> Record:
        """One patient with all fields."""
        record = await self.records.get(principal, patient_id)
        await self._log_view(principal, record)
        return record

    async def card(self, principal: Principal, patient_id: Any) -> Record:
        """The card for the screen pop: identity, warnings, department and doctor, the last contacts."""
        key = read_key(self.records.resource, patient_id)
        card = await self._database.read(load_card, principal, key, utc_now(self._clock))
        await self._log_view(principal, card)
        return self.records.disclosed(principal, card)

    async def timeline(
        self, principal: Principal, patient_id: Any, cursor: str | None = None, limit: int = TIMELINE_LIMIT
    ) -> Page[Record]:
        """What happened with a patient, newest first: ``{"kind", "at", …}``."""
        key = read_key(self.records.resource, patient_id)
        limit = min(max(limit, 1), 200)
        page, revealed = await self._database.read(
            load_timeline, self.records.resource, principal, key, limit, cursor
        )  # fmt: skip
        return page if revealed else Page([masked(item) for item in page.items], page.next)

    async def match(self, principal: Principal, number: str) -> Record:
        """Whose number this is, as far as ``principal`` may know. ``result`` is one, several or none.

        ``remembered`` is the id of the patient whom an agent said to take of several.
        """
        principal.require("patients.view")
        canonical = normalise(number, self._area_code)
        found = await self._database.read(load_match, principal, canonical.number)
        several = "none" if not found["patients"] else "one" if len(found["patients"]) == 1 else "several"
        told = {
            "number": canonical.number,
            "number_formatted": format_number(canonical.number),
            "kind": str(canonical.kind),
            "region": region_of(canonical.number, "zh"),
            "region_en": region_of(canonical.number, "en"),
            "result": several,
            **found,
        }
        shown: Record = disclose(told, principal)
        return shown

    async def create(self, principal: Principal, body: Any) -> Record:
        """Make a patient. ``possible_duplicates`` has patients of the same name with one of the numbers."""
        record = await self.records.create(principal, body)
        found = await self._database.read(load_duplicates, principal, record["id"])
        return record | {"possible_duplicates": disclose(found, principal)}

    async def duplicates(self, principal: Principal, name: str, numbers: Sequence[str]) -> Sequence[Record]:
        """Patients of this name with one of these numbers, to ask before one is made."""
        principal.require("patients.view")
        canonical = [normalise(number, self._area_code).number for number in numbers[:20]]
        return await self._database.read(same_name_and_number, principal, name.strip(), canonical, None)

    async def edit(self, principal: Principal, patient_id: Any, body: Any, version: Any = None) -> Record:
        """See ``ResourceService.edit``."""
        return await self.records.edit(principal, patient_id, body, version)

    async def disable(self, principal: Principal, patient_id: Any, version: Any = None) -> Record:
        """Put a patient out of use: not found by number any more, the record stays."""
        return await self.records.disable(principal, patient_id, version)

    async def enable(self, principal: Principal, patient_id: Any, version: Any = None) -> Record:
        """Take a patient into use again."""
        return await self.records.enable(principal, patient_id, version)

    def export(self, principal: Principal, query: ListQuery | None = None) -> AsyncIterator[Any]:
        """See ``ResourceService.export``."""
        return self.records.export(principal, query)

    async def ids(self, principal: Principal, query: ListQuery, most: int) -> tuple[Sequence[int], bool]:
        """The ids of the first ``most`` patients of a list in its order, and whether there are more."""
        found: Sequence[int] = []
        wanted = replace(query, limit=MOST_PER_PAGE, cursor=None)
        while True:
            page = await self.records.list(principal, wanted)
            found = [*found, *(record["id"] for record in page.items)]
            if page.next is None or len(found) > most:
                return found[:most], len(found) > most
            wanted = replace(wanted, cursor=page.next)

    async def reveal(self, principal: Principal, patient_id: Any) -> Record:
        """The numbers of a patient in full, for whoever may see them; each time is audited."""
        key = read_key(self.records.resource, patient_id)
        return await self._database.run(reveal_numbers, self.records.resource, principal, key, utc_now(self._clock))

    async def _log_view(self, principal: Principal, record: Record) -> None:
        now = utc_now(self._clock)
        if not self.records.resource.hooks.reveals(principal, record):
            return
        if self._views.is_due(principal, _SUBJECT, record["id"], now):
            await self._database.run(record_audit, principal, "view", _SUBJECT, record["id"], None, None, now)
            self._views.logged(principal, _SUBJECT, record["id"], now)
