"""Of all who want the database, one has it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import pytest_twisted
from sqlalchemy import delete
from sqlalchemy.orm import Session

from storage.database import Database
from storage.errors import StorageError
from storage.leases import Held, Process, beat_lease, release_lease, take_lease
from storage.models import Lease

AT = datetime(2026, 3, 10, 8, tzinfo=UTC)
HERE = Process("here", "boot pid:[1]", 7, 700)
THERE = Process("there", "", None, None)


@pytest_twisted.ensureDeferred
async def test_one_has_it_until_it_gives_it_back(database: Database) -> None:
    assert await database.run(take_lease, "a", HERE, AT) is None
    assert await database.run(take_lease, "b", THERE, AT) == Held("a", HERE, AT, 0)
    # Whose answer was lost asks again.
    assert await database.run(take_lease, "a", HERE, AT) is None
    assert await database.run(beat_lease, "a")
    assert not await database.run(beat_lease, "b")
    await database.run(release_lease, "b")
    assert await database.run(take_lease, "b", THERE, AT) == Held("a", HERE, AT, 1)
    await database.run(release_lease, "a")
    assert not await database.run(beat_lease, "a")
    assert await database.run(take_lease, "b", THERE, AT) is None
    assert await database.run(take_lease, "a", HERE, AT) == Held("b", THERE, AT, 0)


@pytest_twisted.ensureDeferred
async def test_it_is_taken_from_the_dead_by_one_and_never_from_one_that_has_beaten_since(database: Database) -> None:
    await database.run(take_lease, "a", HERE, AT)
    seen = await database.run(take_lease, "b", THERE, AT)
    await database.run(beat_lease, "a")
    assert await database.run(take_lease, "b", THERE, AT, seen) == Held("a", HERE, AT, 1)
    seen = await database.run(take_lease, "b", THERE, AT)
    assert await database.run(take_lease, "b", THERE, AT, seen) is None
    assert await database.run(take_lease, "c", HERE, AT, seen) == Held("b", THERE, AT, 0)
    assert not await database.run(beat_lease, "a")


@pytest_twisted.ensureDeferred
async def test_without_its_row_nobody_has_it(database: Database) -> None:
    def lose(session: Session) -> None:
        session.execute(delete(Lease))

    await database.run(lose)
    with pytest.raises(StorageError, match="lease"):
        await database.run(take_lease, "a", HERE, AT)
