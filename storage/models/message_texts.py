"""Texts to choose from, answers that go out by themselves, and the rules of sending."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Computed, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Json, Key, Words, YesNo, primary_key


class MessageTemplate(Base):
    """A text with placeholders, filed by department (none: everybody's) and disease.

    ``occasion`` (``enrolment``, ``birthday``): it is the text of that occasion in its department, or everywhere. Of
    those in use there is one for each, which ``only_for`` names.
    """

    __tablename__ = "message_template"
    __table_args__ = (
        Index("ix_messagetemplate_name", "name", "id"),
        Index("ix_messagetemplate_dept", "department_id", "id"),
        Index("uq_messagetemplate_only", "only_for", unique=True),
    )

    id: Mapped[int] = primary_key("message_template")
    name: Mapped[str] = mapped_column(String(60))
    purpose: Mapped[str] = mapped_column(String(12))
    occasion: Mapped[str] = mapped_column(Words(12), nullable=True, default="")
    department_id: Mapped[int | None] = mapped_column(Key, ForeignKey("department.id", name="fk_messagetemplate_dept"))
    disease: Mapped[str] = mapped_column(Words(60), nullable=True, default="")
    text: Mapped[str] = mapped_column(String(1000))
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    only_for: Mapped[str | None] = mapped_column(
        String(40),
        Computed(
            "CASE WHEN disabled = 0 AND occasion IS NOT NULL "
            "THEN occasion || ':' || CAST(COALESCE(department_id, 0) AS VARCHAR(20)) END"
        ),
    )
    version: Mapped[int] = mapped_column(Integer, default=1)


class Phrase(Base):
    """A piece of text that is put into a reply. ``category`` files it."""

    __tablename__ = "phrase"
    __table_args__ = (Index("ix_phrase_category", "category", "id"),)

    id: Mapped[int] = primary_key("phrase")
    category: Mapped[str] = mapped_column(Words(40), nullable=True, default="")
    text: Mapped[str] = mapped_column(String(300))
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class AutoReply(Base):
    """An answer that goes out by itself when a whole text is ``keyword``, or, where that is empty, out of hours.

    ``wordless`` is 1 where it is empty: of these there is one, while no database compares what is empty.
    """

    __tablename__ = "auto_reply"
    __table_args__ = (
        UniqueConstraint("keyword", name="uq_auto_reply_keyword"),
        Index("uq_autoreply_wordless", "wordless", unique=True),
    )

    id: Mapped[int] = primary_key("auto_reply")
    keyword: Mapped[str | None] = mapped_column(String(20))
    wordless: Mapped[int | None] = mapped_column(SmallInteger, Computed("CASE WHEN keyword IS NULL THEN 1 END"))
    text: Mapped[str] = mapped_column(String(300))
    disabled: Mapped[bool] = mapped_column(YesNo, default=True)
    version: Mapped[int] = mapped_column(Integer, default=1)


class MessagingRules(Base):
    """The hospital's rules for SMS: one row. ``rules`` is what ``callcenter.messaging`` declares of them."""

    __tablename__ = "messaging_rules"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    rules: Mapped[Any] = mapped_column(Json)
    version: Mapped[int] = mapped_column(Integer, default=1)
