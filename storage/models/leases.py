"""What one process at a time may work with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, Utc, Words


class Lease(Base):
    """Who has ``name``: one row for each thing, there from the first, with an empty ``token`` while nobody has it.

    ``beat`` is counted up by whoever has it, for as long as it lives. ``pid`` is its number on the machine ``host``,
    of which ``place`` says which run and which part of it, and ``began`` when there it was started: a number by itself
    is given out again.
    """

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    token: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    host: Mapped[str] = mapped_column(Words(255), nullable=True, default="")
    place: Mapped[str] = mapped_column(Words(80), nullable=True, default="")
    pid: Mapped[int | None] = mapped_column(Key)
    began: Mapped[int | None] = mapped_column(Key)
    since: Mapped[datetime | None] = mapped_column(Utc)
    beat: Mapped[int] = mapped_column(Key)
