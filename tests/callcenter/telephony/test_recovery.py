"""What a crash leaves behind, and what the configuration changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest_twisted
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from twisted.internet import reactor

from callcenter.telephony.effects import LineStateName
from protocols.signals import Answered, CallerIdentified, Rang
from storage.database import Database
from storage.event_log import events_after, last_seq
from storage.models import AgentGroup, CallRecord, PhoneLine
from tests.peers.call_center import ANNA, LINES, NOW, SUSAN, CallCenter, LineEntry, clock_at, fill
from tests.peers.scripted_line import ScriptedLine


def calls(session: Session) -> list[tuple[str, str, bool, str]]:
    statement = select(CallRecord.state, CallRecord.end_reason, CallRecord.missed, CallRecord.wrap_up)
    return [tuple(row) for row in session.execute(statement.order_by(CallRecord.id))]


# PostgreSQL gives rows without an order as they lie, and each change moves one: the two lines, written at the same time
# by two threads, lie as it happens.
_LINES = select(PhoneLine.name, PhoneLine.state, PhoneLine.removed).order_by(PhoneLine.name)


def lines(session: Session) -> list[tuple[str, str, bool]]:
    return [tuple(row) for row in session.execute(_LINES)]


@pytest_twisted.ensureDeferred
async def test_calls_left_open_are_closed_and_agents_wait_for_their_pages(database: Database) -> None:
    await database.run(fill)
    before = CallCenter(database, clock_at(NOW))
    await before.telephony.start()
    await before.telephony.agents.connected(ANNA)
    await before.hear(Rang(), CallerIdentified("13800138000"))
    await before.telephony.calls.claim(ANNA, before.last("call.ringing")["id"])
    await before.hear(Answered())
    await before.hear(Rang(), line=1)
    seen = before.events[-1].seq

    # The process is gone: nothing of the old one is asked again.
    after = CallCenter(database, clock_at(NOW.replace(hour=9)))
    await after.telephony.start()
    await after.settle()
    assert await database.read(calls) == [("ended", "unknown", False, "open"), ("ended", "unknown", True, "")]
    assert [event.seq for event in after.events] == list(range(seen + 1, seen + 1 + len(after.events)))
    assert [event.data["ended_at"] for event in after.told("call.ended")] == ["2026-03-02T09:00:00.000Z"] * 2
    assert after.last("agent.updated") == after.last("agent.updated") | {"state": "offline", "reason": "disconnected"}
    await after.telephony.agents.connected(ANNA)
    assert after.last("agent.updated")["state"] == "available"
    assert [call["wrap_up"] for call in await after.telephony.calls.open_for(ANNA)] == ["open"]
    await after.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_lines_follow_the_configuration(database: Database) -> None:
    await database.run(fill)
    first = CallCenter(database, clock_at(NOW))
    await first.telephony.start()
    await first.telephony.stop()
    second = CallCenter(database, clock_at(NOW), (LineEntry("line 2"), LineEntry("line 3", "fsk", "没有的组")))
    await second.telephony.start()
    await second.settle()
    assert await database.read(lines) == [
        ("line 1", "lost", True),
        ("line 2", "idle", False),
        ("line 3", "idle", False),
    ]
    assert [line["name"] for line in await second.telephony.lines.list(ANNA)] == ["line 2", "line 3"]
    await second.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_a_line_belongs_to_the_group_that_its_configuration_names_or_that_was_set(database: Database) -> None:
    def groups(session: Session) -> None:
        session.add_all(AgentGroup(id=key, name=name, rule="all") for key, name in ((1, "热线"), (2, "别的")))

    def move(session: Session) -> None:
        session.execute(update(PhoneLine).values(agent_group_id=2))

    async def group_after_start(group: str) -> int | None:
        center = CallCenter(database, clock_at(NOW), (LineEntry("line 1", group=group),))
        await center.telephony.start()
        await center.telephony.stop()
        found: int | None = await database.read(lambda session: session.scalar(select(PhoneLine.agent_group_id)))
        return found

    await database.run(fill)
    assert await group_after_start("热线") is None
    await database.run(groups)
    assert await group_after_start("热线") == 1
    await database.run(move)
    assert await group_after_start("热线") == 2
    assert await group_after_start("") is None
    assert await group_after_start("别的") == 2


@pytest_twisted.ensureDeferred
async def test_lines_are_listed_and_told_as_they_are_configured_not_as_they_lie(database: Database) -> None:
    await database.run(fill)
    first = CallCenter(database, clock_at(NOW))
    await first.telephony.start()
    await first.telephony.stop()
    turned = CallCenter(database, clock_at(NOW), LINES[::-1])
    await turned.telephony.start()
    told = [event.data["name"] for event in turned.told("line.updated")[:2]]
    await turned.settle()
    assert told == [line["name"] for line in await turned.telephony.lines.list(ANNA)] == ["line 2", "line 1"]
    await turned.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_a_line_that_cannot_start_does_not_keep_the_others_back(database: Database, lost_failures) -> None:
    await database.run(fill)
    center = CallCenter(database, clock_at(NOW), devices=[ScriptedLine(fails_to_start=True), ScriptedLine()])
    await center.telephony.start()
    await center.settle()
    broken, fine = await center.telephony.lines.list(ANNA)
    assert (broken["state"], fine["state"]) == ("lost", "idle")
    assert "no such port" in broken["reason"]
    assert len(lost_failures.take()) == 1
    await center.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_out_of_service_outlives_a_restart(database: Database) -> None:
    await database.run(fill)
    first = CallCenter(database, clock_at(NOW))
    await first.telephony.start()
    line_id = (await first.telephony.lines.list(SUSAN))[0]["id"]
    await first.telephony.lines.set_out_of_service(SUSAN, line_id, True, "crackles")
    await first.telephony.stop()
    second = CallCenter(database, clock_at(NOW))
    await second.telephony.start()
    await second.settle()
    line = (await second.telephony.lines.list(SUSAN))[0]
    assert (line["state"], line["reason"]) == ("out_of_service", "crackles")
    await second.telephony.stop()


@pytest_twisted.ensureDeferred
async def test_stopping_closes_what_is_open_and_releases_the_lines(database: Database) -> None:
    await database.run(fill)
    center = CallCenter(database, clock_at(NOW))
    await center.telephony.start()
    await center.hear(Rang())
    await center.telephony.stop()
    assert await database.read(calls) == [("ended", "unknown", True, "")]
    assert all(device.stopped for device in center.devices)
    assert {state for _, state, _ in await database.read(lines)} == {LineStateName.LOST.value}


_VICTIM = """
    import sys
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred, ensureDeferred
    from protocols.signals import Answered, CallerIdentified, Rang
    from storage.database import Database
    from tests.peers.call_center import ANNA, NOW, CallCenter, clock_at, fill

    async def main():
        database = Database(sys.argv[1], reactor)
        await database.start()
        await database.run(fill)
        center = CallCenter(database, clock_at(NOW))
        await center.telephony.start()
        await center.telephony.agents.connected(ANNA)
        await center.hear(Rang(), CallerIdentified("13800138000"))
        await center.telephony.calls.claim(ANNA, center.last("call.ringing")["id"])
        await center.hear(Answered())
        print(center.events[-1].seq, flush=True)

    reactor.callWhenRunning(lambda: ensureDeferred(main()))
    reactor.run()
"""


def kill_during_a_call(url: str) -> int:
    """Run a call center in a process of its own, kill it while somebody speaks; the last event it told of."""
    path = os.pathsep.join([str(Path.cwd()), *sys.path])
    victim = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_VICTIM), url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert victim.stdout is not None
    told = int(victim.stdout.readline())
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    return told


@pytest_twisted.ensureDeferred
async def test_kill_9_during_a_call_loses_nothing(sqlite_url: str) -> None:
    told = kill_during_a_call(sqlite_url)
    database = Database(sqlite_url, reactor)
    await database.start()
    center = CallCenter(database, clock_at(NOW.replace(hour=9)), LINES)
    await center.telephony.start()
    await center.settle()
    assert await database.read(calls) == [("ended", "unknown", False, "open")]
    written = await database.read(events_after, 0, 1000, ["calls", "lines", "agents"])
    assert [event.seq for event in written] == list(range(1, await database.read(last_seq) + 1))
    assert written[told - 1].type in ("call.answered", "line.updated")
    assert [event.seq for event in center.events] == list(range(told + 1, told + 1 + len(center.events)))
    await center.telephony.stop()
    await database.stop()
