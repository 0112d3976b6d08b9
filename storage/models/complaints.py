"""Complaints, suggestions and praise, and what was done about each."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, LongWords, Utc, Words, primary_key


class Complaint(Base):
    """What somebody said about the hospital, and how it ended.

    ``kind`` is complaint, suggestion or praise; ``channel`` how it came; ``severity`` 1 (serious) to 3. It comes from a
    patient, or from ``caller_name`` and ``number`` of somebody who is on no record, and is about a department, a member
    of staff, or neither. ``state`` is open, in_hand or settled; ``outcome`` is filled while it is settled. ``told_at``
    is when the patient heard the result.
    """

    __tablename__ = "complaint"
    __table_args__ = (
        # The first is looked at with every ring: whether a patient has an open complaint.
        Index("ix_complaint_open", "patient_id", "kind", "state"),
        Index("ix_complaint_patient", "patient_id", "created_at", "id"),
        Index("ix_complaint_created", "created_at", "id"),
        Index("ix_complaint_due", "due_at", "id"),
        Index("ix_complaint_state", "state", "due_at"),
        Index("ix_complaint_department", "department_id", "created_at"),
        Index("ix_complaint_handler", "handler_id", "created_at"),
        Index("ix_complaint_creator", "created_by", "created_at"),
        Index("ix_complaint_call", "call_id"),
    )

    id: Mapped[int] = primary_key("complaint")
    kind: Mapped[str] = mapped_column(String(12))
    channel: Mapped[str] = mapped_column(String(10))
    severity: Mapped[int] = mapped_column(SmallInteger)
    said: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    patient_id: Mapped[int | None] = mapped_column(Key, ForeignKey("patient.id", name="fk_complaint_patient"))
    call_id: Mapped[int | None] = mapped_column(Key, ForeignKey("call_record.id", name="fk_complaint_call"))
    caller_name: Mapped[str] = mapped_column(Words(80), nullable=True, default="")
    number: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_complaint_department"))
    about_id: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_complaint_about"))
    state: Mapped[str] = mapped_column(String(10), default="open")
    handler_id: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_complaint_handler"))
    due_at: Mapped[datetime | None] = mapped_column(Utc)
    outcome: Mapped[str] = mapped_column(Words(12), nullable=True, default="")
    findings: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    reward: Mapped[str] = mapped_column(Words(300), nullable=True, default="")
    penalty: Mapped[str] = mapped_column(Words(300), nullable=True, default="")
    settled_at: Mapped[datetime | None] = mapped_column(Utc)
    told_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc)
    created_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_complaint_creator"))
    version: Mapped[int] = mapped_column(Integer, default=1)


class ComplaintStep(Base):
    """One thing that was done about a complaint: when, by whom, which kind, and what they wrote."""

    __tablename__ = "complaint_step"
    __table_args__ = (Index("ix_complaintstep_of", "complaint_id", "id"),)

    id: Mapped[int] = primary_key("complaint_step")
    complaint_id: Mapped[int] = mapped_column(Key, ForeignKey("complaint.id", name="fk_complaintstep_of"))
    at: Mapped[datetime] = mapped_column(Utc)
    user_id: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_complaintstep_user"))
    kind: Mapped[str] = mapped_column(String(12))
    note: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
