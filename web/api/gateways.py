"""SMS gateways through the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from callcenter.messaging.texts.segments import Counting
from callcenter.messaging.vocabulary import Purpose
from hardware.gateways.settings import GatewayKind
from web.api.models import Number, Said, Short
from web.exchange import Empty, Exchange, Json, Reply
from web.parsing import Input
from web.routing import Routes

routes = Routes("/api/v1")


class GatewayStorage(BaseModel):
    """Of the ``size`` places in which a modem keeps what comes in so many are ``used``; ``full`` if so few are left
    that replies may not arrive.
    """

    used: int
    size: int
    full: bool


class Gateway(BaseModel):
    """An SMS gateway as it is now. ``cost`` of a part is in thousandths of a yuan; ``priority`` 1 goes first.

    Null, or a moment: ``paused_until`` it asked to be left alone, because of ``pause_reason`` in its own words;
    ``throttled_since`` it takes nothing, and others take over: it only says "not now", or ``refuses`` everything, which
    is why, in its own words; ``next_attempt_at`` it is connected to again; ``storage`` where it told of it.
    """

    id: int
    name: str
    kind: GatewayKind
    prefixes: list[str]
    purposes: list[Purpose]
    priority: int
    cost: int
    signature: str
    adds_signature: bool
    counting: Counting
    number: str
    in_service: bool
    trace: bool
    abilities: list[str]
    state: Literal["stopped", "connecting", "ready", "lost", "refused", "out_of_service"]
    reason: str
    reason_said: Said | None
    state_since: datetime
    paused_until: datetime | None
    pause_reason: str
    throttled_since: datetime | None
    refuses: str
    next_attempt_at: datetime | None
    storage: GatewayStorage | None
    balance: int | None
    balance_at: datetime | None
    balance_low: int | None
    version: int


class GatewaySetup(Gateway):
    """With what its kind takes. ``secrets`` names those that are kept; what they are is never told."""

    options: dict[str, Any]
    secrets: list[str]


class Gateways(BaseModel):
    """Every gateway."""

    items: list[Gateway]


class KindOfGateway(BaseModel):
    """What can be set on gateways of a kind, as JSON Schema; ``secrets`` are kept encrypted."""

    kind: GatewayKind
    options: list[str]
    secrets: list[str]
    json_schema: dict[str, Any]


class KindsOfGateways(BaseModel):
    """The kinds of gateways that can be added."""

    items: list[KindOfGateway]


class GatewayChange(Input):
    """What is set up; what is left out stays, and null is the default. In ``options`` likewise; an empty secret there
    stays as it is, and null removes it.
    """

    name: Short | None = None
    prefixes: list[Short] | None = None
    purposes: list[Short] | None = None
    priority: int | None = None
    cost: int | None = None
    signature: Short | None = None
    adds_signature: bool | None = None
    counting: Short | None = None
    number: Short | None = None
    balance_low: int | None = None
    in_service: bool | None = None
    trace: bool | None = None
    options: dict[str, Any] | None = None

    @property
    def said(self) -> dict[str, Any]:
        """What was sent, by name."""
        return self.model_dump(exclude_unset=True, exclude={"version"})


class NewGateway(GatewayChange):
    """A gateway to add."""

    kind: Short


class GatewayEdit(GatewayChange):
    """``version`` is that of the gateway that was changed."""

    version: int


class GatewayVersion(Input):
    """``version`` is that of the gateway as it was seen."""

    version: int


class TestMessage(Input):
    """A message to try a gateway with."""

    number: Number
    text: Annotated[str, Field(max_length=200)]


class GatewayMinute(BaseModel):
    """Parts that a gateway was given in the minute that began ``at``, by what they are now."""

    at: datetime
    delivered: int
    accepted: int
    unknown: int
    failed: int


class GatewayHour(BaseModel):
    """Sixty minutes, the oldest first."""

    items: list[GatewayMinute]


class TraceQuery(Input):
    """The number of the last entry that is known."""

    after: Annotated[int, Field(ge=0)] = 0


class GatewayTraceEntry(BaseModel):
    """What went over the connection at a time, numbers masked: the first 512 of ``size`` bytes."""

    number: int
    at: datetime
    way: Literal["received", "sent", "opened", "closed"]
    size: int
    hex: str
    text: str


class GatewayTrace(BaseModel):
    """``running`` is false when nobody asked for a while; ``last`` is the number of the newest entry."""

    running: bool
    last: int
    entries: list[GatewayTraceEntry]


class Queued(BaseModel):
    """The message that was queued."""

    message_id: int


@routes.get("/gateways", permission="gateways.view", returns=Gateways)
async def list_gateways(exchange: Exchange) -> Reply:
    """Every gateway, as it is now."""
    return Json({"items": list(await exchange.services.messaging.gateways.list(exchange.principal))})


@routes.post("/gateways", permission="gateways.edit", returns=GatewaySetup, status=201)
async def add_gateway(exchange: Exchange, body: NewGateway) -> Reply:
    """Add a gateway and start it."""
    return Json(await exchange.services.messaging.gateways.create(exchange.principal, body.said), status=201)


@routes.get("/gateways/kinds", permission="gateways.edit", returns=KindsOfGateways)
async def list_kinds(exchange: Exchange) -> Reply:
    """The kinds of gateways that can be added, and what can be set on each."""
    gateways, principal = exchange.services.messaging.gateways, exchange.principal
    items = [
        {
            "kind": kind.value,
            "options": list(options),
            "secrets": list(secrets),
            "json_schema": gateways.schema(principal, kind),
        }
        for kind, (options, secrets) in gateways.kinds(principal).items()
    ]
    return Json({"items": items})


@routes.get("/gateways/<int:gateway_id>", permission="gateways.edit", returns=GatewaySetup)
async def show_gateway(exchange: Exchange, gateway_id: int) -> Reply:
    """One gateway with how it is set up."""
    return Json(await exchange.services.messaging.gateways.get(exchange.principal, gateway_id))


@routes.patch("/gateways/<int:gateway_id>", permission="gateways.edit", returns=GatewaySetup)
async def change_gateway(exchange: Exchange, gateway_id: int, body: GatewayEdit) -> Reply:
    """Set a gateway up otherwise, take it out of service or back, switch its trace; as it works."""
    gateways = exchange.services.messaging.gateways
    return Json(await gateways.edit(exchange.principal, gateway_id, body.said, body.version))


@routes.delete("/gateways/<int:gateway_id>", permission="gateways.edit", status=204)
async def remove_gateway(exchange: Exchange, gateway_id: int, body: GatewayVersion) -> Reply:
    """Take a gateway away. Its messages stay."""
    await exchange.services.messaging.gateways.remove(exchange.principal, gateway_id, body.version)
    return Empty()


@routes.get("/gateways/<int:gateway_id>/rates", permission="gateways.view", returns=GatewayHour)
async def show_rates(exchange: Exchange, gateway_id: int) -> Reply:
    """The last hour of a gateway, minute by minute."""
    return Json({"items": list(await exchange.services.messaging.rates.last_hour(exchange.principal, gateway_id))})


@routes.get("/gateways/<int:gateway_id>/trace", permission="gateways.test", returns=GatewayTrace)
async def show_trace(exchange: Exchange, gateway_id: int, query: TraceQuery) -> Reply:
    """What went over the connection since entry ``after``; asking keeps the trace going."""
    return Json(exchange.services.messaging.traces.view(exchange.principal, gateway_id, query.after))


@routes.post("/gateways/<int:gateway_id>/trace", permission="gateways.test", returns=GatewayTrace)
async def begin_trace(exchange: Exchange, gateway_id: int) -> Reply:
    """Look at what goes over the connection, from now until nobody asks for it any more."""
    return Json(await exchange.services.messaging.traces.begin(exchange.principal, gateway_id))


@routes.post("/gateways/<int:gateway_id>/test", permission="gateways.test", returns=Queued, status=202)
async def test_gateway(exchange: Exchange, gateway_id: int, body: TestMessage) -> Reply:
    """Queue a message by this gateway and no other."""
    gateways = exchange.services.messaging.gateways
    made = await gateways.test(exchange.principal, gateway_id, body.number, body.text)
    return Json({"message_id": made}, status=202)


@routes.post("/gateways/<int:gateway_id>/balance", permission="gateways.test", status=204)
async def ask_balance(exchange: Exchange, gateway_id: int) -> Reply:
    """Have the balance told anew; it comes as ``gateway.updated``."""
    exchange.services.messaging.gateways.ask_balance(exchange.principal, gateway_id)
    return Empty()
