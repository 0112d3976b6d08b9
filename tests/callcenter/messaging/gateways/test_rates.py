"""The last hour of a gateway, minute by minute."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.errors import NotFoundError
from callcenter.messaging.gateways.rates import FIGURES, MINUTES, load_rates
from storage.database import Database
from storage.models import SmsAttempt, SmsGateway, SmsMessage
from tests.peers.call_center import NOW, fill

AT = NOW.replace(second=40)
"""In the middle of a minute."""


def add(session: Session, gateway: int, sent_at: datetime, *states: str) -> None:
    message = SmsMessage(direction="out", state="accepted", number="+8613800138000", created_at=NOW, state_at=NOW)
    session.add(message)
    session.flush()
    session.add_all(
        SmsAttempt(
            message_id=message.id, gateway_id=gateway, number=message.number, attempt=1, position=place, total=9,
            state=state, sent_at=sent_at,
        )
        for place, state in enumerate(states, 1)
    )  # fmt: skip


def story(session: Session) -> None:
    fill(session)
    for key in (1, 2):
        session.add(SmsGateway(id=key, name=f"g{key}", kind="cmpp2", settings={}, state_since=NOW))
    session.flush()
    add(session, 1, AT, "accepted", "delivered", "delivered", "failed", "refused", "elsewhere", "unknown")
    # Neither of these counts: it is on its way, or will be given again.
    add(session, 1, AT, "sending", "unsent", "later")
    add(session, 1, AT - timedelta(seconds=41), "given_up", "uncertain")
    add(session, 1, AT - timedelta(minutes=59, seconds=40), "delivered")
    add(session, 1, AT - timedelta(minutes=59, seconds=41), "delivered")
    add(session, 2, AT, "delivered")


@pytest_twisted.ensureDeferred
async def test_every_part_counts_in_the_minute_in_which_it_was_handed_over(database: Database) -> None:
    await database.run(story)
    hour = await database.read(load_rates, 1, AT)
    counts = [tuple(one[name] for name in FIGURES) for one in hour]
    nothing = (0, 0, 0, 0)
    assert counts == [(1, 0, 0, 0), *[nothing] * (MINUTES - 3), (0, 0, 2, 0), (2, 1, 1, 3)]
    assert [one["at"] for one in hour] == sorted(one["at"] for one in hour)
    with pytest.raises(NotFoundError):
        await database.read(load_rates, 9, AT)
