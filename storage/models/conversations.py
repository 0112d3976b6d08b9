"""What is said by SMS with each number, and who does not want to be written to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, Utc, Words, primary_key


class Conversation(Base):
    """Everything said by SMS with one number, which is canonical.

    ``patient_id`` is who was chosen where several have the number. It waits for ``assigned_to``, else for the people of
    ``department_id``, else for the SMS desk. ``state`` is open, snoozed (until ``snoozed_until``) or done. ``unread``
    counts what nobody has looked at; ``waiting_since`` is when the first unanswered text came, and ``lost_answer`` the
    state of the answer that did not arrive, if that is why it waits again. Replies leave by ``gateway_id`` and
    ``our_number``, which the patient knows. ``last_text`` is what lists show.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("number", name="uq_conversation_number"),
        Index("ix_conversation_last", "state", "last_at", "id"),
        Index("ix_conversation_assigned", "assigned_to", "state", "last_at", "id"),
        Index("ix_conversation_department", "department_id", "state", "last_at", "id"),
        Index("ix_conversation_patient", "patient_id"),
        Index("ix_conversation_snoozed", "state", "snoozed_until"),
        Index("ix_conversation_waiting", "waiting_since"),
    )

    id: Mapped[int] = primary_key("conversation")
    number: Mapped[str] = mapped_column(String(40))
    patient_id: Mapped[int | None] = mapped_column(Key, ForeignKey("patient.id", name="fk_conversation_patient"))
    gateway_id: Mapped[int | None] = mapped_column(Key, ForeignKey("sms_gateway.id", name="fk_conversation_gateway"))
    our_number: Mapped[str] = mapped_column(Words(30), nullable=True, default="")
    assigned_to: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_conversation_assigned"))
    department_id: Mapped[int | None] = mapped_column(
        Key, ForeignKey("department.id", name="fk_conversation_department")
    )
    state: Mapped[str] = mapped_column(String(10), default="open")
    snoozed_until: Mapped[datetime | None] = mapped_column(Utc)
    unread: Mapped[int] = mapped_column(Integer, default=0)
    waiting_since: Mapped[datetime | None] = mapped_column(Utc)
    lost_answer: Mapped[str] = mapped_column(Words(10), nullable=True, default="")
    last_at: Mapped[datetime] = mapped_column(Utc)
    last_text: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
    last_direction: Mapped[str] = mapped_column(String(3))
    version: Mapped[int] = mapped_column(Integer, default=1)


class SmsOptOut(Base):
    """``number`` wants no messages of ``kind`` (care, marketing or all), from ``signature`` (empty: from the hospital).

    ``live_key`` is number, kind and signature until ``ended_at``.
    """

    __tablename__ = "sms_opt_out"
    __table_args__ = (
        UniqueConstraint("live_key", name="uq_smsoptout_live"),
        Index("ix_smsoptout_number", "number", "ended_at"),
    )

    id: Mapped[int] = primary_key("sms_opt_out")
    number: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(10))
    signature: Mapped[str] = mapped_column(Words(20), nullable=True, default="")
    live_key: Mapped[str | None] = mapped_column(String(90))
    began_at: Mapped[datetime] = mapped_column(Utc)
    message_id: Mapped[int | None] = mapped_column(Key, ForeignKey("sms_message.id", name="fk_smsoptout_message"))
    created_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_smsoptout_creator"))
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    ended_by: Mapped[int | None] = mapped_column(Key, ForeignKey("user_account.id", name="fk_smsoptout_ender"))
    note: Mapped[str] = mapped_column(Words(200), nullable=True, default="")
