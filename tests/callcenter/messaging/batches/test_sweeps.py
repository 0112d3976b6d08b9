"""Whoever holds, lets go or cancels many messages waits for those who have some of them, and not they for him too."""

from __future__ import annotations

from threading import Thread

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from callcenter.messaging.batches.making import Sweep, sweep_some
from storage.models import SmsBatch
from tests.peers.call_center import NOW
from tests.peers.patience import wait_for

pytestmark = pytest.mark.postgresql

# The table has them in another order than that of their ids, as it comes to have by and by.
_MESSAGES = text("""
    insert into sms_message(id, batch_id, direction, state, number, text, priority, parts, cost, attempts, created_at,
                            state_at, next_at, version)
    select n, 1, 'out', 'queued', '+86138', 'x', 3, 1, 0, 0, now(), now(), now(), 1 from generate_series(100, 1, -1) n
""")
_WAITS = text("select count(*) from pg_locks where not granted")
_LOCK = text("select id from sms_message where id = :id for update nowait")


def sweep(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        sweep_some(session, 1, NOW)


def test_messages_are_held_in_the_order_in_which_everybody_holds_them(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        batch = SmsBatch(id=1, purpose="care", text="x", total=100, created_at=NOW, sweep=Sweep.HOLD.value)
        session.add(batch)
        session.flush()
        session.execute(_MESSAGES)
    sweeping = Thread(target=sweep, args=(engine,))
    with Session(engine) as session, session.begin():
        session.execute(_LOCK, {"id": 1})
        sweeping.start()
        wait_for(lambda: session.scalar(_WAITS), "the sweep to wait for a message")
        # It has none of the others yet: to wait for it here would be a deadlock.
        assert session.scalar(_LOCK, {"id": 2}) == 2
    sweeping.join()
    with Session(engine) as session:
        assert session.scalar(text("select count(*) from sms_message where next_at is null")) == 100
    engine.dispose()
