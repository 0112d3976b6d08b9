"""What agents did, right across midnight, restarts and crashes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import pytest_twisted

from callcenter.errors import InvalidError, NotAllowedError, NotFoundError
from callcenter.telephony.heartbeat import INTERVAL_SECONDS, last_heartbeat
from protocols.signals import Answered, Ended, Rang
from storage.database import Database
from tests.peers.call_center import ANNA, BEN, DORA, NOW, SUSAN, CallCenter, clock_at, fill

EVENING = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
"""Half past eleven in the evening in Shanghai."""
MIDNIGHT = datetime(2026, 3, 2, 16, tzinfo=UTC)


def told(history: dict[str, Any]) -> list[tuple[str, str, str, str | None, float]]:
    return [
        (span["state"], span["reason"], span["started_at"][11:19], span["ended_at"] and span["ended_at"][11:19],
         span["seconds"])
        for span in history["items"]
    ]  # fmt: skip


async def beaten(hospital: CallCenter) -> None:
    """The next sign of life is written, and the one after that is waited for."""
    waited_for = len(hospital.clock.getDelayedCalls())
    hospital.clock.advance(INTERVAL_SECONDS)
    while len(hospital.clock.getDelayedCalls()) < waited_for:
        await hospital.look(last_heartbeat)


@pytest_twisted.ensureDeferred
async def test_a_working_day(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    await agents.connected(ANNA)
    await hospital.hear(Rang())
    await hospital.telephony.calls.claim(ANNA, hospital.last("call.ringing")["id"])
    await hospital.hear(Answered(), Ended(by_far_end=True))
    hospital.clock.advance(60)
    await agents.set_state(ANNA, "away", "lunch")
    hospital.clock.advance(7)
    history = await agents.history(SUSAN, ANNA.user_id)
    assert history["agent"] == {"id": ANNA.user_id, "name": "Anna"}
    assert (history["from"], history["until"]) == ("2026-03-01T16:00:00.000Z", "2026-03-02T16:00:00.000Z")
    assert told(history) == [
        ("available", "", "08:00:00", "08:00:01", 1),
        ("ringing", "", "08:00:01", "08:00:02", 1),
        ("talking", "", "08:00:02", "08:00:03", 1),
        ("wrap_up", "", "08:00:03", "08:01:03", 60),
        ("away", "lunch", "08:01:03", None, 7),
    ]


@pytest_twisted.ensureDeferred
async def test_who_is_signed_in_at_midnight_stays_so(database: Database) -> None:
    await database.run(fill)
    hospital = CallCenter(database, clock_at(EVENING))
    agents = hospital.telephony.agents
    await hospital.telephony.start()
    await agents.connected(ANNA)
    hospital.clock.advance(3600)
    today = await agents.history(ANNA, ANNA.user_id)
    assert (today["from"], told(today)) == (
        "2026-03-02T16:00:00.000Z",
        [("available", "", "15:30:00", None, 1800)],
    )
    # Asked in another zone it is the same moment.
    before = MIDNIGHT.astimezone(timezone(timedelta(hours=-5))) - timedelta(days=1)
    yesterday = await agents.history(ANNA, ANNA.user_id, before)
    assert (yesterday["until"], told(yesterday)) == (
        "2026-03-02T16:00:00.000Z",
        [("available", "", "15:30:00", None, 1800)],
    )
    await agents.set_state(ANNA, "away")
    assert told(await agents.history(ANNA, ANNA.user_id, before)) == [
        ("available", "", "15:30:00", "16:30:00", 1800),
    ]
    # A span that ends when the time begins is not in it, nor one that begins when it ends.
    moment = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert [one[0] for one in told(await agents.history(ANNA, ANNA.user_id, moment))] == ["away"]
    assert [one[0] for one in told(await agents.history(ANNA, ANNA.user_id, before, moment))] == ["available"]
    await hospital.telephony.stop()


@pytest.mark.parametrize("stopped", [True, False], ids=["stopped", "killed"])
@pytest_twisted.ensureDeferred
async def test_nobody_was_at_work_while_the_daemon_was_not(database: Database, stopped: bool) -> None:
    await database.run(fill)
    first = CallCenter(database, clock_at(NOW))
    await first.telephony.start()
    await first.telephony.agents.connected(ANNA)
    for _ in range(10):
        await beaten(first)
    first.clock.advance(INTERVAL_SECONDS - 1)
    if stopped:
        await first.telephony.stop()
    # Killed, nothing of it is asked again; an hour passes.
    second = CallCenter(database, clock_at(NOW.replace(hour=9)))
    await second.telephony.start()
    await second.telephony.agents.connected(ANNA)
    second.clock.advance(5)
    gone = "08:02:44" if stopped else "08:02:30"
    worked = 10 * INTERVAL_SECONDS + (INTERVAL_SECONDS - 1 if stopped else 0)
    assert told(await second.telephony.agents.history(ANNA, ANNA.user_id)) == [
        ("available", "", "08:00:00", gone, worked),
        ("offline", "disconnected", gone, "09:00:00", 3600 - worked),
        ("available", "", "09:00:00", None, 5),
    ]
    await second.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_who_may_see_whose(hospital: CallCenter) -> None:
    agents = hospital.telephony.agents
    with pytest.raises(NotFoundError):
        await agents.history(ANNA, BEN.user_id)
    with pytest.raises(NotAllowedError):
        await agents.history(DORA, ANNA.user_id)
    for until in (NOW, NOW - timedelta(seconds=1), NOW + timedelta(days=31, seconds=1)):
        with pytest.raises(InvalidError):
            await agents.history(ANNA, ANNA.user_id, NOW, until)
    assert (await agents.history(SUSAN, BEN.user_id))["items"] == []
