"""The door for what comes in: written down where the inbox says, in one transaction with what it makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_twisted
from sqlalchemy.orm import Session

from callcenter.messaging.incoming.receiving import IncomingText, Place, Placed, receive_texts
from callcenter.messaging.outbox.queueing import MessageDraft, queue_message
from callcenter.messaging.vocabulary import Purpose
from tests.peers.call_center import NOW, ZHANG
from tests.peers.sms_desk import GATEWAY, STRANGER, Desk


def written(*words: str) -> list[IncomingText]:
    return [IncomingText(GATEWAY, STRANGER, "106900", word, NOW - timedelta(minutes=1)) for word in words]


@dataclass
class Slow:
    """An inbox that takes one text at a time, and answers each."""

    texts: Sequence[IncomingText]

    @property
    def places(self) -> Sequence[Place]:
        return [Place(patient_id=ZHANG)]

    def written(self, session: Session, ids: Sequence[int]) -> None:
        (key,) = ids
        words = f"收到{self.texts[0].text}"
        queue_message(session, MessageDraft(STRANGER, words, Purpose.REPLY, source=f"test:{key}"), NOW)


@pytest_twisted.ensureDeferred
async def test_texts_are_written_as_the_inbox_says_and_told_after_it(desk: Desk) -> None:
    heard: list[list[str]] = []

    def inbox(session: Session, texts: Sequence[IncomingText]) -> Placed:
        heard.append([text.text for text in texts])
        return Slow(texts)

    first, second = await desk.database.run(receive_texts, written("疼", "痒"), NOW, inbox)
    assert heard == [["疼", "痒"], ["痒"]]
    rows = await desk.rows()
    assert [(row["direction"], row["text"], row["source"]) for row in rows] == [
        ("in", "疼", None), ("out", "收到疼", f"test:{first}"), ("in", "痒", None), ("out", "收到痒", f"test:{second}"),
    ]  # fmt: skip
    assert [(row["created_at"], row["sender"], row["patient_id"]) for row in rows if row["direction"] == "in"] == [
        (NOW - timedelta(minutes=1), "106900", ZHANG)
    ] * 2
    told = [one.data for one in desk.events if one.topic == "messages"]
    assert [(one["direction"], one["state"]) for one in told] == [("out", "queued"), ("in", "received")] * 2
    assert told[1]["patient"]["id"] == ZHANG


@pytest_twisted.ensureDeferred
async def test_an_inbox_that_fails_leaves_nothing_half_done(desk: Desk) -> None:
    class Broken(Slow):
        def written(self, session: Session, ids: Sequence[int]) -> None:
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        await desk.database.run(receive_texts, written("疼"), NOW, lambda _, texts: Broken(texts))
    assert await desk.rows() == []


@pytest_twisted.ensureDeferred
async def test_without_an_inbox_a_text_stands_in_the_records(desk: Desk) -> None:
    key, *_ = await desk.database.run(receive_texts, written("疼", "痒"), NOW)
    (row, _) = await desk.rows()
    assert (row["id"], row["state"], row["conversation_id"]) == (key, "received", None)
