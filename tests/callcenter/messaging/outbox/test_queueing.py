"""The door: what is queued, what has to wait, what is suppressed, and once per source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.bus import LocalBus
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message, queue_messages
from callcenter.messaging.rules.row import ROW
from callcenter.messaging.rules.sending import LONGEST_AHEAD
from callcenter.messaging.vocabulary import Purpose
from storage.database import Database
from storage.event_log import StoredEvent
from storage.models import MessagingRules, Patient, SmsGateway, SmsMessage, SmsOptOut
from tests.peers.call_center import NOW, QUIET, ZHANG, fill

# 2026-03-02 16:00 in the hospital.
NUMBER = "+8613800138000"
CARE = MessageDraft("138 0013 8000", "您好", Purpose.CARE)


class House:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.events: list[StoredEvent] = []
        bus = LocalBus()
        bus.subscribe(self.events.extend)
        database.on_commit = bus.publish

    async def queue(self, draft: MessageDraft, now: datetime = NOW) -> dict[str, Any]:
        key = await self.database.run(queue_message, draft, now)
        return (await self.rows())[key]

    async def rows(self) -> dict[int, dict[str, Any]]:
        def load(session: Session) -> dict[int, dict[str, Any]]:
            names = (
                "id",
                "direction",
                "state",
                "reason",
                "number",
                "next_at",
                "priority",
                "expires_at",
                "text",
                "sender",
            )
            return {row.id: {name: getattr(row, name) for name in names} for row in session.scalars(select(SmsMessage))}

        return await self.database.read(load)

    async def add(self, *rows: Any) -> None:
        await self.database.run(lambda session: session.add_all(rows))


@pytest_twisted.async_yield_fixture
async def house(database: Database) -> AsyncIterator[House]:
    await database.run(fill)
    yield House(database)


def gateway() -> SmsGateway:
    return SmsGateway(id=1, name="移动", kind="cmpp2", settings={}, state_since=NOW)


@pytest_twisted.ensureDeferred
async def test_a_message_is_queued_with_its_priority_and_told(house: House) -> None:
    row = await house.queue(CARE)
    assert (row["state"], row["reason"], row["number"], row["priority"]) == ("queued", "", NUMBER, 3)
    assert row["next_at"] == NOW
    assert row["expires_at"] == NOW + timedelta(hours=48)
    (event,) = [one for one in house.events if one.topic == "messages"]
    assert (event.type, event.data["state"], event.data["text"]) == ("message.updated", "queued", "您好")


@pytest_twisted.ensureDeferred
async def test_what_is_not_urgent_waits_for_the_morning(house: House) -> None:
    night = NOW.replace(hour=13)  # 21:00
    row = await house.queue(CARE, night)
    assert (row["state"], row["reason"]) == ("queued", "quiet_hours")
    assert row["next_at"] == NOW.replace(day=3, hour=0)  # 08:00
    assert (await house.queue(replace(CARE, purpose=Purpose.REPLY), night))["next_at"] == night
    early = await house.queue(replace(CARE, expires_at=NOW.replace(hour=23)), night)
    assert (early["state"], early["reason"]) == ("suppressed", "quiet_hours")


@pytest_twisted.ensureDeferred
async def test_it_is_not_sent_before_it_shall(house: House) -> None:
    later = NOW + timedelta(hours=1)
    row = await house.queue(replace(CARE, not_before=later))
    assert (row["reason"], row["next_at"]) == ("not_before", later)


@pytest.mark.parametrize(
    ("kind", "signature", "purpose", "state"),
    [
        ("marketing", "", Purpose.MARKETING, "suppressed"),
        ("marketing", "", Purpose.CARE, "queued"),
        ("care", "", Purpose.CARE, "suppressed"),
        ("care", "", Purpose.REMINDER, "suppressed"),
        ("all", "", Purpose.NOTICE, "suppressed"),
        ("all", "", Purpose.REPLY, "queued"),
        ("all", "体检中心", Purpose.CARE, "queued"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_who_said_stop_is_not_written_to(
    house: House, kind: str, signature: str, purpose: Purpose, state: str
) -> None:
    await house.add(
        SmsOptOut(number=NUMBER, kind=kind, signature=signature, live_key="one", began_at=NOW),
        SmsOptOut(number="+8613900139000", kind="all", live_key=None, began_at=NOW, ended_at=NOW),
    )
    row = await house.queue(replace(CARE, purpose=purpose))
    assert row["state"] == state
    assert (await house.queue(replace(CARE, number="+8613900139000")))["state"] == "queued"


@pytest_twisted.ensureDeferred
async def test_who_is_not_to_be_contacted_is_not_written_to(house: House) -> None:
    def refuse(session: Session) -> None:
        session.get_one(Patient, ZHANG).do_not_call = True

    await house.database.run(refuse)
    assert (await house.queue(replace(CARE, patient_id=ZHANG)))["reason"] == "do_not_contact"
    assert (await house.queue(CARE))["reason"] == "do_not_contact"
    assert (await house.queue(replace(CARE, purpose=Purpose.REPLY)))["state"] == "queued"
    assert (await house.queue(replace(CARE, number="+8613700137000", patient_id=QUIET)))["state"] in {
        "queued",
        "suppressed",
    }


@pytest_twisted.ensureDeferred
async def test_a_number_gets_so_many_a_day(house: House) -> None:
    await house.add(MessagingRules(id=ROW, rules={"daily_cap": 2, "gone": 1}))
    drafts = [replace(CARE, text=str(place)) for place in range(5)]
    await house.database.run(queue_messages, drafts, NOW)
    rows = list((await house.rows()).values())
    tomorrow = NOW.replace(day=3, hour=0)
    assert [row["reason"] for row in rows] == ["", "", "daily_cap", "daily_cap", "daily_cap"]
    assert [row["next_at"] for row in rows[2:4]] == [tomorrow] * 2
    # Two days on it would have expired; the draft does not wait for that.
    assert rows[4]["next_at"] == tomorrow + timedelta(days=1) or rows[4]["state"] == "suppressed"


@pytest_twisted.ensureDeferred
async def test_what_was_queued_for_a_day_long_before_counts_among_its_share(house: House) -> None:
    await house.add(MessagingRules(id=ROW, rules={"daily_cap": 1}))
    appointed = await house.queue(replace(CARE, not_before=NOW + LONGEST_AHEAD))
    assert appointed["state"] == "queued"
    later = NOW + LONGEST_AHEAD
    assert (await house.queue(CARE, later))["reason"] == "daily_cap"


@pytest_twisted.ensureDeferred
async def test_of_one_source_there_is_one_message(house: House) -> None:
    draft = replace(CARE, source="campaign:1:1")
    first = await house.database.run(queue_message, draft, NOW)
    again = await house.database.run(queue_messages, [draft, replace(CARE, source="campaign:1:2"), draft], NOW)
    assert again[0] == again[2] == first != again[1]
    fresh = replace(CARE, source="x")
    assert len(set(await house.database.run(queue_messages, [fresh, fresh], NOW))) == 1
    assert len(await house.rows()) == 3


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (replace(CARE, number="—"), "bad_number"),
        (replace(CARE, text=" \n"), "empty"),
        (replace(CARE, text="x" * 1001), "too_long"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_sent_says_so(house: House, draft: MessageDraft, reason: str) -> None:
    row = await house.queue(draft)
    assert (row["state"], row["reason"]) == ("suppressed", reason)
