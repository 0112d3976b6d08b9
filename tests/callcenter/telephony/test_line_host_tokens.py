"""Who may connect as a line host: tokens made, refused, revoked, and guessed at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_twisted
from sqlalchemy import select
from sqlalchemy.orm import Session
from twisted.internet.task import Clock

from callcenter.administration.attempts import LockedError
from callcenter.administration.principal import SYSTEM
from callcenter.errors import InvalidError, NotFoundError
from callcenter.telephony.line_hosts import (
    RECHECK_SECONDS,
    LineHostAccess,
    NoLinesError,
    TokenRefusedError,
    list_hosts,
    make_token,
    revoke_token,
)
from hardware.line_hosts import LineHosts
from storage.database import Database
from storage.models import AuditEntry, LineHost, PhoneLine
from tests.peers.call_center import NOW, clock_at

ADDRESS = "10.0.0.7"


class Entrance(LineHostAccess):
    """With what it was made of. The configuration has the line ``ward`` on the host ``ward3``, which calls it 1."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.hosts = LineHosts(clock)
        self.hosts.at("ward3").add("1", "ward")
        super().__init__(database, clock, self.hosts)


class Link:
    def __init__(self) -> None:
        self.closed = ""

    def send(self, message: bytes) -> None:
        pass

    def close(self, why: str) -> None:
        self.closed = why


@pytest.fixture
def clock() -> Clock:
    return clock_at(NOW)


@pytest_twisted.async_yield_fixture
async def entrance(database: Database, clock: Clock) -> AsyncIterator[Entrance]:
    made = Entrance(database, clock)
    made.start()
    yield made
    await made.stop()


def rows(session: Session) -> list[tuple[str, str]]:
    return [(one.name, one.token_hash) for one in session.scalars(select(LineHost))]


@pytest_twisted.ensureDeferred
async def test_a_token_lets_its_host_in_and_only_its_hash_is_kept(entrance: Entrance, database: Database) -> None:
    token = await database.run(make_token, "ward3", SYSTEM, NOW)
    assert token.startswith("ward3.")
    assert len(token) == len("ward3.") + 43
    ((name, kept),) = await database.read(rows)
    assert name == "ward3"
    assert token not in kept
    admitted = await entrance.admit(token, ADDRESS)
    assert admitted.host is entrance.hosts.at("ward3")
    assert admitted.marks == []
    (shown,) = await database.read(list_hosts)
    assert shown == {
        "name": "ward3", "created_at": "2026-03-02T08:00:00.000Z", "connected_at": "2026-03-02T08:00:00.000Z",
        "address": ADDRESS,
    }  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_it_is_told_what_is_written_down_of_its_lines(entrance: Entrance, database: Database) -> None:
    def lines(session: Session) -> None:
        for name, source, number in (("ward", "run-1", 57), ("other", "run-2", 3)):
            line = PhoneLine(name=name, driver="line_host", state="lost", since=NOW)
            line.heard_source, line.heard_number = source, number
            session.add(line)

    await database.run(lines)
    token = await database.run(make_token, "ward3", SYSTEM, NOW)
    assert (await entrance.admit(token, ADDRESS)).marks == [("1", "run-1", 57)]


@pytest_twisted.ensureDeferred
async def test_wrong_tokens_are_refused_alike_and_slowed_down(
    entrance: Entrance, database: Database, clock: Clock
) -> None:
    token = await database.run(make_token, "ward3", SYSTEM, NOW)
    stranger = await database.run(make_token, "nobody", SYSTEM, NOW)
    await database.run(revoke_token, "nobody", SYSTEM, NOW)
    wrong = ["", "x", "ward3", "ward3.", token[:-1] + "é", token.replace("ward3", "ward4"), stranger, "\u4e00" * 300]
    wrong += [f"ward3.{'A' * 43}", f"ward3.{'B' * 43}"]
    said = set()
    for one in wrong:
        with pytest.raises(TokenRefusedError) as caught:
            await entrance.admit(one, ADDRESS)
        said.add(str(caught.value))
    assert len(said) == 1
    with pytest.raises(TokenRefusedError):
        await entrance.admit("one more", ADDRESS)
    with pytest.raises(LockedError):
        await entrance.admit(token, ADDRESS)
    await entrance.admit(token, "10.0.0.8")
    clock.advance(11)
    await entrance.admit(token, ADDRESS)


@pytest_twisted.ensureDeferred
async def test_good_tokens_do_not_count_as_guesses(entrance: Entrance, database: Database) -> None:
    token = await database.run(make_token, "ward3", SYSTEM, NOW)
    for _ in range(50):
        await entrance.admit(token, ADDRESS)


@pytest_twisted.ensureDeferred
async def test_a_host_without_lines_is_told_so(entrance: Entrance, database: Database) -> None:
    token = await database.run(make_token, "ward9", SYSTEM, NOW)
    with pytest.raises(NoLinesError, match="no line of this line host"):
        await entrance.admit(token, ADDRESS)


@pytest_twisted.ensureDeferred
async def test_a_new_token_voids_the_old_one_and_who_is_connected_by_it_is_put_out(
    entrance: Entrance, database: Database, clock: Clock
) -> None:
    old = await database.run(make_token, "ward3", SYSTEM, NOW)
    link = Link()
    (await entrance.admit(old, ADDRESS)).host.connected(link, [])
    clock.advance(RECHECK_SECONDS)
    await database.run(lambda _: None)
    assert link.closed == ""
    new = await database.run(make_token, "ward3", SYSTEM, NOW + timedelta(days=1))
    with pytest.raises(TokenRefusedError):
        await entrance.admit(old, ADDRESS)
    clock.advance(RECHECK_SECONDS)
    while not link.closed:
        await database.run(lambda _: None)
    assert link.closed == "its token is not valid any more"
    await entrance.admit(new, ADDRESS)
    await database.run(revoke_token, "ward3", SYSTEM, NOW)
    with pytest.raises(TokenRefusedError):
        await entrance.admit(new, ADDRESS)


@pytest_twisted.ensureDeferred
async def test_names_and_the_audit_log(database: Database) -> None:
    for name in ("", "ward 3", "a.b", "x" * 41):
        with pytest.raises(InvalidError):
            await database.run(make_token, name, SYSTEM, NOW)
    with pytest.raises(NotFoundError):
        await database.run(revoke_token, "ward3", SYSTEM, NOW)
    token = await database.run(make_token, "ward3", SYSTEM, NOW)
    await database.run(revoke_token, "ward3", SYSTEM, NOW)

    def entries(session: Session) -> list[tuple[str, str, str]]:
        found = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(one.action, one.subject_type, f"{one.subject_id}{one.before}{one.after}") for one in found]

    logged = await database.read(entries)
    assert [(action, kind) for action, kind, _ in logged] == [
        ("give-token", "line_host"),
        ("revoke-token", "line_host"),
    ]
    assert token not in str(logged)
