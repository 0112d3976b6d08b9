"""Agents and the wallboard through the API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from web.api.models import Agent, AgentHistory, Agents, Short
from web.exchange import Exchange, Json, Reply
from web.parsing import Input, Moment
from web.routing import Routes

routes = Routes("/api/v1")


class ChosenState(Input):
    """A state that people can choose; ``reason`` says why one is away."""

    state: Literal["available", "away", "wrap_up", "offline"]
    reason: Short = ""


class HistoryQuery(Input):
    """From when (``from``) until when; what is left out is the beginning and end of today at the hospital."""

    since: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None


@routes.get("/agents", permission="agents.view", returns=Agents)
async def list_agents(exchange: Exchange) -> Reply:
    """The agents in reach, as they are now."""
    return Json({"items": await exchange.services.telephony.agents.list(exchange.principal)})


@routes.get("/agents/<int:user_id>/states", permission="agents.view", returns=AgentHistory)
async def agent_history(exchange: Exchange, user_id: int, query: HistoryQuery) -> Reply:
    """The states of an agent in a stretch of time."""
    agents = exchange.services.telephony.agents
    return Json(await agents.history(exchange.principal, user_id, query.since, query.until))


@routes.post("/agents/me/state", permission="calls.handle", returns=Agent)
async def set_state(exchange: Exchange, body: ChosenState) -> Reply:
    """Choose my own state."""
    return Json(await exchange.services.telephony.agents.set_state(exchange.principal, body.state, body.reason))


@routes.post("/agents/<int:user_id>/state", permission="agents.control", returns=Agent)
async def force_state(exchange: Exchange, user_id: int, body: ChosenState) -> Reply:
    """Move an agent who is stuck."""
    agents = exchange.services.telephony.agents
    return Json(await agents.force(exchange.principal, user_id, body.state, body.reason))


@routes.get("/wallboard", permission="wallboard.view", returns=dict[str, Any])
async def wallboard(exchange: Exchange) -> Reply:
    """The figures, their targets and what they are made of."""
    return Json(await exchange.services.telephony.wallboard.figures(exchange.principal))
