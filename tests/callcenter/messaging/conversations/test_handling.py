"""What people do with a conversation, beside whoever does something to it by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.handling import snooze, wake_snoozed
from callcenter.messaging.conversations.threads import thread_of
from storage.models import Conversation
from tests.peers.call_center import NOW, fill
from tests.peers.messaging import ADMIN
from tests.peers.patience import wait_for

NUMBER = "+8613800138000"
HOUR = timedelta(hours=1)


def test_what_is_put_off_once_more_does_not_come_back_by_the_time_before(postgresql_url: str) -> None:
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        fill(session)
        key = thread_of(session, NUMBER, NOW).id
        snooze(session, ADMIN, key, NOW + HOUR, NOW)

    def wake() -> None:
        with Session(engine) as session, session.begin():
            wake_snoozed(session, NOW + HOUR)

    waiting = text("select count(*) from pg_locks where not granted")
    with ThreadPoolExecutor(1) as threads, Session(engine) as looking:
        with Session(engine) as person, person.begin():
            snooze(person, ADMIN, key, NOW + 3 * HOUR, NOW + HOUR)
            woken = threads.submit(wake)
            wait_for(lambda: looking.scalar(waiting), "the lock that is waited for")
        woken.result()
    with Session(engine) as session:
        talk = session.get_one(Conversation, key)
        assert (talk.state, talk.snoozed_until) == ("snoozed", NOW + 3 * HOUR)
    engine.dispose()
