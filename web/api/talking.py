"""What an agent has at hand while talking: the slots of the talking pane, and the knowledge base's quick search."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from web.exchange import Exchange, Json, Reply
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")


class FilledSlot(BaseModel):
    """``content`` is what the slot of that ``name`` shows."""

    name: str
    content: dict[str, Any]


class FilledSlots(BaseModel):
    """Those that have something to show."""

    slots: list[FilledSlot]


class Lookup(Input):
    """Words that are all to be found: in title, type, content or the initials of the title's pinyin."""

    q: Annotated[str, Field(max_length=100)] = ""


class FoundArticle(BaseModel):
    """An article with its content."""

    id: int
    type: str
    title: str
    content: str


class FoundArticles(BaseModel):
    """The best few."""

    items: list[FoundArticle]


@routes.get("/calls/<int:call_id>/talking", permission="calls.view", returns=FilledSlots)
async def talking(exchange: Exchange, call_id: int) -> Reply:
    """What there is to show beside the call."""
    return Json({"slots": await exchange.services.talking.content(exchange.principal, call_id)})


@routes.get("/articles/found", permission="articles.view", returns=FoundArticles)
async def find_articles(exchange: Exchange, query: Lookup) -> Reply:
    """Articles of the knowledge base by some words, the best few."""
    return Json({"items": await exchange.services.knowledge.find(exchange.principal, query.q)})
