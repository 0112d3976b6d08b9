"""Alarms, who is told of them outside, and the service of lines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Json, Key, LongWords, Utc, Words, primary_key


class Alarm(Base):
    """Something that needs somebody. ``subject`` says what it is about within its kind: the id of a line.

    ``cleared_at`` is when the trouble ended by itself, ``handled_at`` when somebody had dealt with it. ``live_key`` is
    kind and subject until both are set: there is one live alarm of a kind and subject. One that had cleared and comes
    again before it was handled is the same alarm, ``times`` counts. ``details`` is what was true the last time.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        UniqueConstraint("live_key", name="uq_alarm_live"),
        Index("ix_alarm_opened", "opened_at", "id"),
        Index("ix_alarm_line", "line_id", "opened_at"),
    )

    id: Mapped[int] = primary_key("alarm")
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(40))
    live_key: Mapped[str | None] = mapped_column(String(70))
    line_id: Mapped[int | None] = mapped_column(Key, ForeignKey("phone_line.id", name="fk_alarm_line"))
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_alarm_department"))
    details: Mapped[Any] = mapped_column(Json)
    opened_at: Mapped[datetime] = mapped_column(Utc)
    recurred_at: Mapped[datetime | None] = mapped_column(Utc)
    times: Mapped[int] = mapped_column(Integer, default=1)
    cleared_at: Mapped[datetime | None] = mapped_column(Utc)
    handled_at: Mapped[datetime | None] = mapped_column(Utc)
    handled_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_alarm_handler"))
    note: Mapped[str] = mapped_column(LongWords, nullable=True, default="")


class AlarmTarget(Base):
    """A place outside that is told of alarms of ``kind``: written from the configuration at every start."""

    __tablename__ = "alarm_target"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)


class AlarmDelivery(Base):
    """One message on its way out, written in the transaction of what it tells.

    ``state`` is waiting, sent or failed (given up). Whoever sends it moves ``due_at`` on first, and so holds it until
    then. ``problem`` is a code (callcenter.alarms.channels.Problem), ``answer`` the status of the last answer.
    """

    __tablename__ = "alarm_delivery"
    __table_args__ = (
        Index("ix_alarmdelivery_due", "state", "target", "due_at"),
        Index("ix_alarmdelivery_alarm", "alarm_id", "id"),
    )

    id: Mapped[int] = primary_key("alarm_delivery")
    alarm_id: Mapped[int] = mapped_column(Key, ForeignKey("alarm.id", name="fk_alarmdelivery_alarm"))
    target: Mapped[str] = mapped_column(String(40))
    event: Mapped[str] = mapped_column(String(20))
    payload: Mapped[Any] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Utc)
    due_at: Mapped[datetime] = mapped_column(Utc)
    finished_at: Mapped[datetime | None] = mapped_column(Utc)
    problem: Mapped[str] = mapped_column(Words(20), nullable=True, default="")
    answer: Mapped[int | None] = mapped_column(Integer)


class LineServiceSpan(Base):
    """A stretch of time in which a line was in_service, lost, out_of_service or stopped (the daemon did not run).

    ``ended_at`` is empty for the present one.
    """

    __tablename__ = "line_service_span"
    __table_args__ = (Index("ix_linespan_line", "line_id", "started_at"),)

    id: Mapped[int] = primary_key("line_service_span")
    line_id: Mapped[int] = mapped_column(Key, ForeignKey("phone_line.id", name="fk_linespan_line"))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    reason_said: Mapped[Any | None] = mapped_column(Json)
    started_at: Mapped[datetime] = mapped_column(Utc)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
