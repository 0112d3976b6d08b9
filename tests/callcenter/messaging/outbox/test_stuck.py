"""Which messages wait for so long that somebody has to be told, whatever else is in the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter.alarms.records import Trouble
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.outbox.stuck import find_stuck
from storage.database import Database
from tests.peers.call_center import NOW

NOTHING, NOBODY, RESTING = None, "", "a gateway that alone can carry them is out of service"


def queued(reason: str, since: int, due: int) -> dict[str, Any]:
    """A message that waits ``since`` so many minutes, and is ``due`` in so many; what is negative is past."""
    return {
        "direction": "out",
        "state": "queued",
        "priority": 4,
        "number": "+8613800138000",
        "reason": reason,
        "created_at": NOW - timedelta(minutes=60),
        "state_at": NOW - timedelta(minutes=since),
        "next_at": NOW + timedelta(minutes=due),
    }


LOOKED_AT = queued("out_of_service", 40, 1)
BEHIND_OTHERS = queued("out_of_service", 40, -30)
JUST_PUT_OFF = queued("out_of_service", 5, 1)
PUT_OFF = queued("no_gateway", 40, 1)
OVERDUE = queued("", 40, -11)
IN_ITS_TURN = queued("", 5, -5)
AT_NIGHT = queued("quiet_hours", 40, 1)


@pytest.mark.parametrize(
    ("rows", "idle", "resting", "found"),
    [
        ([LOOKED_AT, IN_ITS_TURN], False, True, RESTING),
        ([BEHIND_OTHERS, OVERDUE], False, True, RESTING),
        ([LOOKED_AT], True, True, RESTING),
        ([BEHIND_OTHERS], True, True, RESTING),
        ([LOOKED_AT], False, False, NOTHING),
        ([JUST_PUT_OFF], True, True, NOTHING),
        # The graver is told first.
        ([LOOKED_AT, PUT_OFF], True, True, NOBODY),
        ([LOOKED_AT, OVERDUE], True, True, NOBODY),
        ([PUT_OFF], True, False, NOBODY),
        ([PUT_OFF, OVERDUE], False, True, NOTHING),
        ([IN_ITS_TURN, AT_NIGHT], True, True, NOTHING),
    ],
)
@pytest_twisted.ensureDeferred
async def test_what_is_stuck(
    database: Database, rows: list[dict[str, Any]], idle: bool, resting: bool, found: str | None
) -> None:
    def put(session: Session) -> None:
        session.execute(insert(MESSAGE), rows)

    await database.run(put)
    trouble: Trouble | None = await database.read(find_stuck, NOW, idle, resting)
    assert (NOTHING if trouble is None else trouble.details.get("reason", NOBODY)) == found
