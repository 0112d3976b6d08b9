"""What agents have at hand while they talk: call scripts, and articles of the knowledge base."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, Key, LongWords, Words, YesNo, primary_key


class CallScript(Base):
    """Words to begin a call with. ``direction`` is in, out or empty for both; without a group it is for all of them.

    The text may hold placeholders, see callcenter.talking.placeholders.
    """

    __tablename__ = "call_script"
    __table_args__ = (Index("ix_call_script_place", "position", "id"),)

    id: Mapped[int] = primary_key("call_script")
    name: Mapped[str] = mapped_column(String(60))
    direction: Mapped[str] = mapped_column(Words(3), nullable=True, default="")
    group_id: Mapped[int | None] = mapped_column(Key, ForeignKey("agent_group.id", name="fk_script_group"))
    position: Mapped[int] = mapped_column(SmallInteger, default=0)
    text_zh: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    text_en: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)


class Article(Base):
    """An answer that agents look up. ``initials`` are those of the title's pinyin, to find it by."""

    __tablename__ = "article"
    __table_args__ = (Index("ix_article_title", "title", "id"),)

    id: Mapped[int] = primary_key("article")
    type: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(120))
    initials: Mapped[str] = mapped_column(Words(120), nullable=True, default="")
    content: Mapped[str] = mapped_column(LongWords, nullable=True, default="")
    disabled: Mapped[bool] = mapped_column(YesNo, default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
