"""Conversations under control through the API: hold, transfer, consultation, conference, and supervisors who listen."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from callcenter.telephony.call_control import Target
from web.api.models import Call, Id, Named, Said
from web.exchange import Empty, Exchange, Json, Reply
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")


class Whom(Input):
    """To whom: a number, or an agent who has a telephone on the same PBX. ``confirmed`` calls a patient who asked not
    to be called.
    """

    number: Annotated[str, Field(max_length=200)] = ""
    agent_id: Id | None = None
    confirmed: bool = False

    @property
    def target(self) -> Target:
        """The same for the service."""
        return Target(self.number, self.agent_id, self.confirmed)


class Colleague(BaseModel):
    """An agent to whom a call can be given."""

    id: int
    name: str
    state: str
    extension: str


class Colleagues(BaseModel):
    """All of them, available ones first."""

    items: list[Colleague]


class Listener(BaseModel):
    """Somebody whose telephone is rung to listen to a call (``heard_at`` is null), or who listens. ``why`` is what kept
    them from it, in English where ``why_said`` has a code for it.
    """

    id: int
    call_id: int
    user: Named
    mode: Literal["listen", "whisper", "barge"]
    started_at: datetime
    heard_at: datetime | None
    ended_at: datetime | None
    why: str = ""
    why_said: Said | None = None


class Listeners(BaseModel):
    """Everybody who listens now."""

    items: list[Listener]


@routes.post("/calls/<int:call_id>/hold", permission="calls.handle", returns=Call)
async def hold(exchange: Exchange, call_id: int) -> Reply:
    """Let the other side wait, with music; that it does comes as an event."""
    return Json(await exchange.services.telephony.control.hold(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/resume", permission="calls.handle", returns=Call)
async def resume(exchange: Exchange, call_id: int) -> Reply:
    """Speak with the other side again; whoever was consulted is let go."""
    return Json(await exchange.services.telephony.control.resume(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/transfer", permission="calls.transfer", returns=Call)
async def transfer(exchange: Exchange, call_id: int, body: Whom) -> Reply:
    """Give the call away without asking there first."""
    return Json(await exchange.services.telephony.control.transfer(exchange.principal, call_id, body.target))


@routes.post("/calls/<int:call_id>/consult", permission="calls.transfer", returns=Call)
async def consult(exchange: Exchange, call_id: int, body: Whom) -> Reply:
    """Call somebody else while the other side waits."""
    return Json(await exchange.services.telephony.control.consult(exchange.principal, call_id, body.target))


@routes.post("/calls/<int:call_id>/complete", permission="calls.transfer", returns=Call)
async def complete(exchange: Exchange, call_id: int) -> Reply:
    """Leave the other side with whoever was consulted."""
    return Json(await exchange.services.telephony.control.complete(exchange.principal, call_id))


@routes.post("/calls/<int:call_id>/conference", permission="calls.transfer", returns=Call)
async def conference(exchange: Exchange, call_id: int) -> Reply:
    """Let all three hear each other."""
    return Json(await exchange.services.telephony.control.conference(exchange.principal, call_id))


@routes.get("/calls/<int:call_id>/colleagues", permission="calls.transfer", returns=Colleagues)
async def colleagues(exchange: Exchange, call_id: int) -> Reply:
    """To which agents the call can be given."""
    return Json({"items": list(await exchange.services.telephony.control.colleagues(exchange.principal, call_id))})


@routes.get("/listeners", permission="calls.listen", returns=Listeners)
async def list_listeners(exchange: Exchange) -> Reply:
    """Who listens to which call now."""
    return Json({"items": list(await exchange.services.telephony.listening.present(exchange.principal))})


@routes.post("/calls/<int:call_id>/listen", permission="calls.listen", returns=Listener)
async def listen(exchange: Exchange, call_id: int) -> Reply:
    """Ring my telephone to listen to the call."""
    return Json(await exchange.services.telephony.listening.begin(exchange.principal, call_id, "listen"))


@routes.post("/calls/<int:call_id>/whisper", permission="calls.whisper", returns=Listener)
async def whisper(exchange: Exchange, call_id: int) -> Reply:
    """The same, and the agent alone hears me."""
    return Json(await exchange.services.telephony.listening.begin(exchange.principal, call_id, "whisper"))


@routes.post("/calls/<int:call_id>/barge", permission="calls.barge", returns=Listener)
async def barge(exchange: Exchange, call_id: int) -> Reply:
    """The same, and both hear me."""
    return Json(await exchange.services.telephony.listening.begin(exchange.principal, call_id, "barge"))


@routes.post("/calls/<int:call_id>/stop-listening", permission="calls.view", status=204)
async def stop_listening(exchange: Exchange, call_id: int) -> Reply:
    """Listen no more."""
    await exchange.services.telephony.listening.end(exchange.principal, call_id)
    return Empty()
