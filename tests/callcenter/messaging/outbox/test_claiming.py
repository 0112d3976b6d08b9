"""How much a claim looks at: no more than somebody may take of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.gateways.routing import Route
from callcenter.messaging.outbox import claiming as outbox
from callcenter.messaging.outbox.claiming import FEWEST, Claimed, claim
from callcenter.messaging.outbox.due_messages import DueRow, lock_due
from callcenter.messaging.outbox.queueing import MessageDraft, queue_messages
from callcenter.messaging.texts.segments import Wording
from callcenter.messaging.vocabulary import Purpose
from storage.database import Database
from storage.models import SmsMessage, SmsOptOut
from tests.peers.call_center import NOW, fill
from tests.peers.sms_desk import add_gateway

THROTTLED = Route(1, priority=1, room=100, throttled=True)
FREE = 16


@pytest_twisted.async_yield_fixture
async def looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> object:
    """The messages that claims have locked, with 600 of them due."""
    found: list[int] = []

    def locking(session: Session, ids: Sequence[int], *rest: object) -> list[DueRow]:
        found.extend(ids)
        return lock_due(session, ids, *rest)  # type: ignore[arg-type]

    def fill_queue(session: Session) -> None:
        fill(session)
        add_gateway(session, 1)
        add_gateway(session, 2, "联通")
        numbers = [f"+86138{place:08}" for place in range(600)]
        queue_messages(session, [MessageDraft(number, "您好", Purpose.REMINDER) for number in numbers], NOW)

    monkeypatch.setattr(outbox, "lock_due", locking)
    await database.run(fill_queue)
    yield found


async def claimed_by(database: Database, *routes: Route) -> Claimed:
    found: Claimed = await database.run(claim, routes, NOW)
    return found


def count_of(claimed: Claimed) -> int:
    """How many parts."""
    return sum(map(len, claimed.handed.values()))


@pytest.mark.parametrize("free", [FREE, 0])
@pytest_twisted.ensureDeferred
async def test_room_at_a_throttled_gateway_is_none_where_another_stands_in(
    database: Database, looked_at: list[int], free: int
) -> None:
    claimed = await claimed_by(database, THROTTLED, Route(2, room=free))
    assert (count_of(claimed), claimed.more, claimed.after) == (free, False, None)
    assert len(looked_at) == FEWEST


@pytest.mark.parametrize("other", [Route(2, purposes=(Purpose.REMINDER,)), Route(2, prefixes=("139",))])
@pytest_twisted.ensureDeferred
async def test_it_is_room_where_the_other_takes_not_all_that_it_takes(
    database: Database, looked_at: list[int], other: Route
) -> None:
    await claimed_by(database, THROTTLED, other)
    assert len(looked_at) >= THROTTLED.room


@pytest_twisted.ensureDeferred
async def test_what_is_meant_for_a_throttled_gateway_goes_when_its_turn_comes(
    database: Database, looked_at: list[int]
) -> None:
    await database.run(queue_messages, [MessageDraft("13800138000", "试", Purpose.TEST, gateway_id=1)], NOW)
    claimed = await claimed_by(database, THROTTLED, Route(2, room=FREE))
    assert {key: len(parts) for key, parts in claimed.handed.items()} == {1: 1, 2: FREE}


@pytest.mark.parametrize(
    ("kind", "signature", "goes"), [("all", "体检中心", 0), ("all", "随访", 1), ("care", "体检中心", 0)]
)
@pytest_twisted.ensureDeferred
async def test_what_was_said_against_one_signature_stops_what_bears_it_and_nothing_else(
    database: Database, kind: str, signature: str, goes: int
) -> None:
    number = "+8613800138001"

    def opted_out(session: Session) -> None:
        fill(session)
        add_gateway(session, 1, signature="体检中心")
        session.add(SmsOptOut(number=number, kind=kind, signature=signature, live_key="one", began_at=NOW))
        queue_messages(session, [MessageDraft(number, "您好", Purpose.REMINDER)], NOW)

    await database.run(opted_out)
    claimed = await claimed_by(database, Route(1, room=FREE, wording=Wording(signature="体检中心")))
    assert count_of(claimed) == goes
    reasons = await database.read(lambda session: [one.reason for one in session.scalars(select(SmsMessage))])
    assert reasons == ["" if goes else "opted_out"]
