"""One text to many, as a service: preview, sending, uploaded lists, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from twisted.internet.interfaces import IReactorTime

from callcenter.administration.principal import Principal
from callcenter.administration.resources import Resource
from callcenter.clock import utc_now
from callcenter.messaging.batches.batches import (
    begin_batch,
    cancel_batch,
    checked,
    continue_batch,
    pause_batch,
    sent_before,
)
from callcenter.messaging.batches.choices import Choice, count_chosen, load_members
from callcenter.messaging.batches.counts import count_recipients
from callcenter.messaging.batches.maker import BatchMaker
from callcenter.messaging.batches.reach import BULK
from callcenter.messaging.batches.recipient_lists import read_part, store_part
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.batches.views import get_batch, list_batches, list_left_out
from callcenter.messaging.messages.composing import House, common_values, warnings_about
from callcenter.once import run_once
from storage.database import Database
from storage.queries.paging import Page

View = dict[str, Any]


class BatchService:
    """Needs ``messages.bulk``; patients are limited to those in reach. ``patients`` is the declared record.

    ``maker`` makes in the background what is sent here.
    """

    def __init__(self, database: Database, clock: IReactorTime, house: House, patients: Resource) -> None:
        self._database = database
        self._clock = clock
        self._house = house
        self._patients = patients
        self.maker = BatchMaker(database, clock, house)

    async def count(self, principal: Principal, fields: Mapping[str, str]) -> int:
        """How many patients the patients' list with these fields of its address means at this moment.

        Raises ``InvalidError`` for a filter that the list does not take.
        """
        principal.require(BULK)
        return await self._database.read(count_chosen, principal, fields, self._patients)

    async def preview(self, principal: Principal, draft: BatchDraft, choice: Choice) -> View:
        """Who would get it and who not, parts and cost of all. Changes nothing."""
        about = (self._patients, self._house, self._now)
        return await self._database.read(_preview, principal, draft, choice, *about)

    async def send(self, principal: Principal, draft: BatchDraft, choice: Choice, key: str) -> View:
        """Send it to those who are chosen at this moment, once for each ``key``; the messages are made by and by.

        Raises ``ConflictError`` where the same ``key`` sent something else.
        """
        principal.require(BULK)
        before = await self._database.read(sent_before, principal, draft, choice, key)
        if before is not None:
            return before
        pages = await self._database.read(load_members, principal, choice, self._patients)
        begun = await run_once(self._database, begin_batch, principal, draft, choice, pages, key, self._now)
        self.maker.wake()
        return begun

    async def list(self, principal: Principal, limit: int = 50, cursor: str | None = None) -> Page[View]:
        """What was sent to many, newest first."""
        return await self._database.read(list_batches, principal, limit, cursor)

    async def get(self, principal: Principal, batch_id: int) -> View:
        """One of them, with how many messages are where."""
        return await self._database.read(get_batch, principal, batch_id)

    async def left_out(
        self, principal: Principal, batch_id: int, limit: int = 200, cursor: str | None = None
    ) -> Page[View]:
        """Who got nothing, and why."""
        return await self._database.read(list_left_out, principal, batch_id, limit, cursor)

    async def pause(self, principal: Principal, batch_id: int) -> View:
        """Hold it."""
        return await self._held(pause_batch, principal, batch_id)

    async def resume(self, principal: Principal, batch_id: int) -> View:
        """Go on."""
        return await self._held(continue_batch, principal, batch_id)

    async def cancel(self, principal: Principal, batch_id: int) -> View:
        """Keep what has not left from leaving."""
        return await self._held(cancel_batch, principal, batch_id)

    async def add_part(self, principal: Principal, list_id: int | None, place: int, content: bytes) -> View:
        """Take some lines of a list; what the whole list comes to by now."""
        principal.require(BULK)
        part = await self._database.read(read_part, principal, content, self._house.area_code)
        return await self._database.run(store_part, principal, list_id, place, part, self._now)

    async def _held(self, function: Callable[..., View], principal: Principal, batch_id: int) -> View:
        view = await self._database.run(function, principal, batch_id, self._now)
        self.maker.wake()
        return view

    @property
    def _now(self) -> datetime:
        return utc_now(self._clock)


def _preview(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    choice: Choice,
    patients: Resource,
    house: House,
    now: datetime,
) -> View:
    principal.require(BULK)
    choice.require_one()
    ready = checked(draft, now)
    common = common_values(principal, house, now)
    counted = count_recipients(session, principal, ready, choice, patients, common, now)
    sample = counted["sample"][0]["text"] if counted["sample"] else ready.text
    return counted | {"warnings": warnings_about(session, ready.text, sample, ready.purpose)}
