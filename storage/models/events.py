"""The event log: everything that pages are told, numbered without gaps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Json, Key, Utc, Words


class EventCounter(Base):
    """One row (id 1) holding the last number given out.

    Taking a number locks the row until the commit, so events become visible in the order of their numbers, and a
    number that was rolled back is given out again: who has seen N has seen everything up to N.
    """

    __tablename__ = "event_counter"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    last_seq: Mapped[int] = mapped_column(Key)


class EventRecord(Base):
    """One event, written in the transaction that made it true. ``audience`` says who may be told."""

    __tablename__ = "event_record"
    __table_args__ = (Index("ix_event_at", "at"),)

    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Utc)
    topic: Mapped[str] = mapped_column(String(30))
    type: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    audience: Mapped[Any] = mapped_column(Json)
    data: Mapped[Any] = mapped_column(Json)
