"""The knowledge base, as a declared record, and the quick search of those who are talking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, case, func, or_, select
from sqlalchemy.orm import Session

from callcenter.administration.fields import Field, Kind
from callcenter.administration.principal import Principal
from callcenter.administration.resources import Hooks, Resource
from callcenter.talking.slots import Slot, SlotContent, TalkedCall
from callcenter.text import N_
from storage.database import Database
from storage.models import Article
from storage.models.base import NO
from storage.queries.terms import initials_of

LONGEST = 20_000
MOST_FOUND = 8
_MOST_WORDS = 6


class ArticleHooks(Hooks):
    """The initials follow from the title."""

    def columns(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """``initials`` beside a title."""
        return {"initials": initials_of(values["title"])[:120]} if "title" in values else {}


def article_resource() -> Resource:
    """What it is about, and the answer."""
    return Resource(
        name="articles",
        singular="article",
        label=N_("Knowledge base"),
        model=Article,
        hooks=ArticleHooks(),
        title="title",
        default_sort="title",
        fields=(
            Field("title", N_("Title"), required=True, max_length=120, in_list=True, searchable=True, sortable=True),
            Field("type", N_("Type"), required=True, max_length=40, in_list=True, searchable=True,
                  help=N_("What it is about: medicines, diet, how to get here …")),
            Field("initials", N_("Initials"), readonly=True, searchable=True, export=False, max_length=120),
            Field("content", N_("Content"), Kind.LONG_TEXT, required=True, max_length=LONGEST, searchable=True),
        ),
    )  # fmt: skip


def article_slot() -> Slot:
    """A search beside the call, where there is anything to find. Content: ``{"search": true}``."""

    def anything(session: Session, principal: Principal, call: TalkedCall) -> SlotContent | None:
        some = session.scalar(select(Article.id).where(Article.disabled == NO).limit(1))
        return None if some is None else {"search": True}

    return Slot("articles", "articles.view", anything)


class KnowledgeBase:
    """Finds articles while somebody waits on the line."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, principal: Principal, words: str) -> list[dict[str, Any]]:
        """The articles in use that hold every one of ``words``, those with the first in the title or its initials
        before others: ``{"id", "type", "title", "content"}``, at most ``MOST_FOUND``. Needs ``articles.view``.
        """
        principal.require("articles.view")
        return await self._database.read(find_articles, words)


def find_articles(session: Session, words: str) -> list[dict[str, Any]]:
    """See ``KnowledgeBase.find``; nothing for no words."""
    wanted = words.lower().split()[:_MOST_WORDS]
    if not wanted:
        return []
    columns = [func.lower(column) for column in (Article.title, Article.type, Article.initials, Article.content)]
    in_title = or_(_holds(func.lower(Article.title), wanted[0]), _holds(Article.initials, wanted[0]))
    statement = (
        select(Article)
        .where(Article.disabled == NO, *(or_(*(_holds(column, word) for column in columns)) for word in wanted))
        .order_by(case((in_title, 0), else_=1), Article.title, Article.id)
        .limit(MOST_FOUND)
    )
    return [
        {"id": one.id, "type": one.type, "title": one.title, "content": one.content}
        for one in session.scalars(statement)
    ]


def _holds(column: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    return column.contains(word, autoescape=True)
