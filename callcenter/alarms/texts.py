"""The SMS that an alarm was told by, found again by what made them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.alarms.settings import MOST_NUMBERS
from storage.chunks import chunks
from storage.models import SmsMessage


def text_sources(delivery: int, count: int = MOST_NUMBERS) -> list[str]:
    """``SmsMessage.source`` of the first ``count`` texts that a delivery was made of; each is queued once."""
    return [f"alarm:{delivery}:{place}" for place in range(count)]


def load_texts(session: Session, deliveries: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Delivery → id and state of the texts it was made of."""
    wanted = {source: key for key in deliveries for source in text_sources(key)}
    found: dict[int, list[dict[str, Any]]] = {}
    for chunk in chunks(list(wanted)):
        chosen = SmsMessage.source.in_(chunk)
        statement = select(SmsMessage.source, SmsMessage.id, SmsMessage.state).where(chosen).order_by(SmsMessage.id)
        for source, key, state in session.execute(statement):
            found.setdefault(wanted[str(source)], []).append({"id": key, "state": state})
    return found
