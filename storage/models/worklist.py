"""Call tasks: whom to call, why, by whom and when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, Utc, Words, YesNo, primary_key


class CallTask(Base):
    """One patient or number to be called. Its attempts are the call records with its id in ``task_id``.

    ``state`` is open, claimed, done, given_up, cancelled or expired; ``reason`` a code that says why it ended or was
    put off, ``note`` what a person said about it. ``number`` is canonical; empty means the patient's first one.
    It belongs to ``agent_id``, else to the agents of ``department_id``, else to everybody. ``priority`` is 1 (first)
    to 3. It is not called before ``next_at`` and never after ``due_until``. ``claimed_by`` holds it until
    ``claimed_until``, and longer while ``calling``: from dialling to the wrap-up. ``confirmed`` says that the patient's
    wish not to be called was known when it was made. ``kind`` and ``source`` say what made it, such as ``manual``.
    """

    __tablename__ = "call_task"
    __table_args__ = (
        Index("ix_calltask_agent", "state", "agent_id", "priority", "next_at", "id"),
        Index("ix_calltask_pool", "state", "department_id", "agent_id", "priority", "next_at", "id"),
        Index("ix_calltask_claimed", "claimed_by", "state"),
        Index("ix_calltask_lease", "state", "claimed_until"),
        Index("ix_calltask_until", "state", "due_until"),
        Index("ix_calltask_next", "next_at", "id"),
        Index("ix_calltask_patient", "patient_id", "state"),
        Index("ix_calltask_source", "kind", "source"),
    )

    id: Mapped[int] = primary_key("call_task")
    kind: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    purpose: Mapped[str] = mapped_column(String(300))
    patient_id: Mapped[int | None] = mapped_column(Key, ForeignKey("patient.id", name="fk_calltask_patient"))
    number: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    agent_id: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_calltask_agent"))
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_calltask_department"))
    priority: Mapped[int] = mapped_column(SmallInteger, default=2)
    state: Mapped[str] = mapped_column(String(10), default="open")
    reason: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    note: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    due_from: Mapped[datetime] = mapped_column(Utc)
    due_until: Mapped[datetime | None] = mapped_column(Utc)
    next_at: Mapped[datetime] = mapped_column(Utc)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    last_outcome: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    claimed_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_calltask_claimer"))
    claimed_until: Mapped[datetime | None] = mapped_column(Utc)
    calling: Mapped[bool] = mapped_column(YesNo, default=False)
    confirmed: Mapped[bool] = mapped_column(YesNo, default=False)
    created_at: Mapped[datetime] = mapped_column(Utc)
    created_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_calltask_creator"))
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    version: Mapped[int] = mapped_column(Integer, default=1)
