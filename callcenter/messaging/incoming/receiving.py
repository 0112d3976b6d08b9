"""Texts that came in whole are written down here, many at once, and the inbox says where they belong.

``callcenter.messaging.incoming.arrivals`` joins the parts and calls this, in its transaction; a phone's own SMS may be
put in by it as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from callcenter.messaging.announce import announce_moved
from callcenter.messaging.conversations.rows import IN
from callcenter.messaging.outbox.new_messages import insert_messages
from callcenter.messaging.vocabulary import MessageState, Reason


@dataclass(frozen=True)
class IncomingText:
    """A whole text that came in. ``number`` is canonical; it proves nobody's identity.

    ``recipient`` is the number of ours that was written to, as the gateway wrote it. ``at`` is when its first part
    reached us. ``incomplete``: parts of it never came.
    """

    gateway_id: int
    number: str
    recipient: str
    text: str
    at: datetime
    incomplete: bool = False


@dataclass(frozen=True)
class Place:
    """Where a text belongs."""

    conversation_id: int | None = None
    patient_id: int | None = None


class Placed(Protocol):
    """What a hook made of texts, in their order: of all of them, or of the first few, at least one."""

    @property
    def places(self) -> Sequence[Place]:
        """One for each text that is taken now."""
        ...

    def written(self, session: Session, ids: Sequence[int]) -> None:
        """Do the rest: these are the messages of the texts that were taken."""
        ...


Received = Callable[[Session, Sequence[IncomingText]], Placed]
"""Called in the transaction that writes the texts down: it finds or makes the conversations; then the messages are
written, and what it gave back heeds opt-out words and may queue answers. It is asked again for those that it did not
take. When it raises, nothing of the texts was written, and it is tried again after a while.
"""


@dataclass(frozen=True)
class Nowhere:
    """Texts that belong to nothing."""

    places: Sequence[Place]

    def written(self, session: Session, ids: Sequence[int]) -> None:
        """Nothing follows."""


def nobody_listens(session: Session, texts: Sequence[IncomingText]) -> Placed:
    """The hook where there is no inbox: the messages stand in the records and nowhere else."""
    return Nowhere([Place()] * len(texts))


def receive_texts(
    session: Session, texts: Sequence[IncomingText], now: datetime, received: Received = nobody_listens
) -> list[int]:
    """Write texts down in their order, as ``received`` says, and tell of them; the ids of their messages."""
    ids: list[int] = []
    while rest := texts[len(ids) :]:
        placed = received(session, rest)
        rows = [_row(text, place, now) for text, place in zip(rest, placed.places, strict=False)]
        new = insert_messages(session, rows)
        placed.written(session, new)
        session.flush()
        announce_moved(session, [(key, None) for key in new])
        ids += new
    return ids


def _row(text: IncomingText, place: Place, now: datetime) -> dict[str, Any]:
    return {
        "direction": IN,
        "state": MessageState.RECEIVED.value,
        "number": text.number,
        "text": text.text,
        "conversation_id": place.conversation_id,
        "patient_id": place.patient_id,
        "gateway_id": text.gateway_id,
        "sender": text.recipient[:30],
        "reason": Reason.INCOMPLETE.value if text.incomplete else "",
        "created_at": text.at,
        "state_at": now,
    }
