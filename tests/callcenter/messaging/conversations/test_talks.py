"""Conversations are held by whoever changes them, and not by whoever writes a message into them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.scope import REPLY, find_conversation
from callcenter.messaging.conversations.talks import talks_with
from callcenter.messaging.conversations.threads import known_thread, thread_of
from storage.models import Conversation, SmsMessage
from tests.peers.call_center import NOW
from tests.peers.messaging import ADMIN

NUMBER = "+8613800138000"
HOLDS: dict[str, Callable[[Session, int], Any]] = {
    "texts that come in": lambda session, _: talks_with(session, {NUMBER: NOW}),
    "a text of a person's": lambda session, _: thread_of(session, NUMBER, NOW),
    "a command": lambda session, key: find_conversation(session, ADMIN, REPLY, key),
    "an opt-out": lambda session, _: known_thread(session, NUMBER),
}


@pytest.mark.parametrize("who", HOLDS)
def test_a_conversation_that_is_held_can_be_written_into(postgresql_url: str, who: str) -> None:
    engine = create_engine(postgresql_url)
    with Session(engine) as session, session.begin():
        talk = thread_of(session, NUMBER, NOW)
        key = talk.id
    with Session(engine) as holder, Session(engine) as writer:
        HOLDS[who](holder, key)
        writer.execute(text("set local lock_timeout = '300ms'"))
        writer.execute(
            insert(SmsMessage).values(
                direction="in", state="received", number=NUMBER, text="您好", conversation_id=key, sender="",
                reason="", created_at=NOW, state_at=NOW,
            )
        )  # fmt: skip
        # Two that would change it wait for each other all the same.
        taken = writer.scalar(select(Conversation.id).with_for_update(key_share=True, skip_locked=True))
        assert taken is None
    engine.dispose()


def test_new_ones_begin_in_the_order_of_their_numbers(sqlite_url: str) -> None:
    """Two writers that begin the same ones in another order would wait for each other."""
    engine = create_engine(sqlite_url)
    with Session(engine) as session:
        talks = talks_with(session, dict.fromkeys(["+8613900000003", "+8613900000001", "+8613900000002"], NOW))
        assert sorted(talks, key=lambda number: talks[number].id) == sorted(talks)
        session.rollback()
    engine.dispose()
