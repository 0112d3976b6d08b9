"""SMS gateways as a page: what they are, adding one, setting one up, and trying it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from callcenter.errors import ConflictError, InvalidError, ServiceError, UnavailableError
from callcenter.messaging.gateway_settings import default_counting
from callcenter.messaging.vocabulary import OF_THE_HOUSE, Purpose
from callcenter.text import N_, translated
from hardware.gateways.settings import GatewayKind
from web.alarm_filters import reason_words
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.gateway_words import COUNTINGS, KINDS, MARKS, STATES, read_options, setting_inputs
from web.parsing import Input
from web.routing import Routes
from web.words import PURPOSES, word_of

routes = Routes()

Typed = Annotated[str, Field(max_length=1000)]

_DONE: Mapping[str, str] = {
    "added": N_("The gateway is added and connects now."),
    "changed": N_("The gateway was updated."),
    "removed": N_("The gateway is removed. Its messages stay on record."),
    "tested": N_("The test message is queued: its state is among the messages."),
    "balance": N_("The balance is asked for; it appears in a moment."),
}
RATES: Mapping[str, str] = {
    "delivered": N_("Delivered"),
    "accepted": N_("Accepted"),
    "unknown": N_("Unconfirmed"),
    "failed": N_("Failed"),
}
_TEXTS = ("name", "signature", "number")
_FLAGS = ("adds_signature", "trace", "in_service")
_SHOWN = (*_TEXTS, *_FLAGS, "priority", "counting", "balance_low")


class GatewaysPage(Input):
    """``done`` tells what has just been done."""

    done: Annotated[str, Field(max_length=20)] = ""


class KindChoice(Input):
    """For which kind the form is."""

    kind: Annotated[str, Field(max_length=10)] = ""


class GatewayForm(Input):
    """What was typed; beside these, ``o-NAME`` for each setting of the kind."""

    model_config = ConfigDict(extra="allow", frozen=True, str_strip_whitespace=True)

    kind: Typed = ""
    version: Typed = ""
    name: Typed = ""
    prefixes: Typed = ""
    purposes: Typed | list[Typed] = ""
    priority: Typed = ""
    cost: Typed = ""
    signature: Typed = ""
    adds_signature: Typed = ""
    counting: Typed = ""
    number: Typed = ""
    balance_low: Typed = ""
    in_service: Typed = ""
    trace: Typed = ""

    @property
    def arranged(self) -> dict[str, Any]:
        """What was typed of what any gateway has, as the service takes it."""
        purposes = [self.purposes] if isinstance(self.purposes, str) else self.purposes
        return {
            # An empty choice or number is the default; an empty name or signature is meant.
            **{name: getattr(self, name) for name in _TEXTS},
            **{name: getattr(self, name) or None for name in ("priority", "counting")},
            **{name: bool(getattr(self, name)) for name in _FLAGS},
            "prefixes": self.prefixes.replace(",", " ").replace("，", " ").split(),
            "purposes": [one for one in purposes if one],
            "cost": _thousandths(self.cost),
            "balance_low": self.balance_low or None,
        }


class TestForm(Input):
    """A message to try a gateway with."""

    number: Typed = ""
    text: Typed = ""


class Removal(Input):
    """The version of the gateway that is meant."""

    version: Typed = ""


@routes.get("/gateways", permission="gateways.view")
async def show_gateways(exchange: Exchange, query: GatewaysPage) -> Reply:
    """Every gateway with its state."""
    say = exchange.translate
    gateways = await exchange.services.messaging.gateways.list(exchange.principal)
    done = say(_DONE[query.done]) if query.done in _DONE else ""
    return Page("gateways.html", {"gateways": [_shown(exchange, one) for one in gateways], "done": done})


@routes.get("/gateways/new", permission="gateways.edit")
async def show_new_gateway(exchange: Exchange, query: KindChoice) -> Reply:
    """Which kind it is, then the form for it."""
    kinds = [kind.value for kind in exchange.services.messaging.gateways.kinds(exchange.principal)]
    if query.kind not in kinds:
        say = exchange.translate
        return Page("gateway_kinds.html", {"kinds": [{"kind": one, "label": say(KINDS[one])} for one in kinds]})
    blank = {"in_service": True, "priority": 5, "cost": 0, "counting": default_counting(GatewayKind(query.kind)).value}
    return await _form(exchange, query.kind, blank, {})


@routes.post("/gateways/new", permission="gateways.edit")
async def add_gateway(exchange: Exchange, body: GatewayForm) -> Reply:
    """Add the gateway, or show the form again with everything that was typed but the secrets."""
    gateways = exchange.services.messaging.gateways
    if body.kind not in [kind.value for kind in gateways.kinds(exchange.principal)]:
        return Redirect("/gateways/new")
    options = _options(exchange, body)
    try:
        await gateways.create(exchange.principal, {**body.arranged, "kind": body.kind, "options": options})
    except (InvalidError, ConflictError) as error:
        return await _form(exchange, body.kind, body.arranged, options, error=error)
    return Redirect("/gateways?done=added")


@routes.get("/gateways/<int:gateway_id>", permission="gateways.view")
async def show_hour(exchange: Exchange, gateway_id: int) -> Reply:
    """What the gateway did in the last hour."""
    minutes = await exchange.services.messaging.rates.last_hour(exchange.principal, gateway_id)
    listed = await exchange.services.messaging.gateways.list(exchange.principal)
    say = exchange.translate
    figures = [{"key": name, "label": say(RATES[name]), "count": sum(one[name] for one in minutes)} for name in RATES]
    gateway = next(_shown(exchange, one) for one in listed if one["id"] == gateway_id)
    return Page("gateway.html", {"gateway": gateway, "minutes": minutes, "figures": figures})


@routes.get("/gateways/<int:gateway_id>/edit", permission="gateways.edit")
async def show_gateway(exchange: Exchange, gateway_id: int) -> Reply:
    """The form of a gateway."""
    gateway = await exchange.services.messaging.gateways.get(exchange.principal, gateway_id)
    return await _form(exchange, gateway["kind"], gateway, gateway["options"], gateway)


@routes.post("/gateways/<int:gateway_id>/edit", permission="gateways.edit")
async def change_gateway(exchange: Exchange, gateway_id: int, body: GatewayForm) -> Reply:
    """Set the gateway up anew, or show the form again with what is wrong."""
    gateways = exchange.services.messaging.gateways
    gateway = await gateways.get(exchange.principal, gateway_id)
    options = _options(exchange, body, gateway)
    try:
        await gateways.edit(exchange.principal, gateway_id, {**body.arranged, "options": options}, body.version)
    except (InvalidError, ConflictError) as error:
        return await _form(exchange, gateway["kind"], body.arranged, options, gateway, error)
    return Redirect("/gateways?done=changed")


@routes.post("/gateways/<int:gateway_id>/remove", permission="gateways.edit")
async def remove_gateway(exchange: Exchange, gateway_id: int, body: Removal) -> Reply:
    """Take the gateway away, or say why that cannot be."""
    gateways = exchange.services.messaging.gateways
    gateway = await gateways.get(exchange.principal, gateway_id)
    try:
        await gateways.remove(exchange.principal, gateway_id, body.version)
    except (InvalidError, ConflictError) as error:
        return await _form(exchange, gateway["kind"], gateway, gateway["options"], gateway, error)
    return Redirect("/gateways?done=removed")


@routes.get("/gateways/<int:gateway_id>/test", permission="gateways.test")
async def show_test(exchange: Exchange, gateway_id: int) -> Reply:
    """A message to try the gateway with."""
    return await _test(exchange, gateway_id, {"number": "", "text": exchange.translate(N_("A test of the gateway."))})


@routes.post("/gateways/<int:gateway_id>/test", permission="gateways.test")
async def send_test(exchange: Exchange, gateway_id: int, body: TestForm) -> Reply:
    """Queue the message, or show the form again."""
    try:
        await exchange.services.messaging.gateways.test(exchange.principal, gateway_id, body.number, body.text)
    except InvalidError as error:
        return await _test(exchange, gateway_id, body.model_dump(), error)
    return Redirect("/gateways?done=tested")


@routes.post("/gateways/<int:gateway_id>/balance", permission="gateways.test")
async def ask_balance(exchange: Exchange, gateway_id: int) -> Reply:
    """Have the balance told anew."""
    try:
        exchange.services.messaging.gateways.ask_balance(exchange.principal, gateway_id)
    except UnavailableError:
        return Redirect("/gateways")
    return Redirect("/gateways?done=balance")


def _shown(exchange: Exchange, gateway: Mapping[str, Any]) -> dict[str, Any]:
    say = exchange.translate
    return {
        **gateway,
        "kind_word": word_of(KINDS, gateway["kind"], say),
        "state_word": word_of(STATES, gateway["state"], say),
        "mark": MARKS.get(gateway["state"], "out_of_service"),
        "why": reason_words(exchange, gateway),
        "purpose_words": [word_of(PURPOSES, one, say) for one in gateway["purposes"]],
        "low": None not in (gateway["balance"], gateway["balance_low"]) and gateway["balance"] < gateway["balance_low"],
    }


def _options(exchange: Exchange, body: GatewayForm, gateway: Mapping[str, Any] | None = None) -> dict[str, Any]:
    kind = body.kind if gateway is None else gateway["kind"]
    return read_options(body.model_extra or {}, _inputs(exchange, kind, {}, gateway))


def _inputs(exchange: Exchange, kind: str, values: Mapping[str, Any], gateway: Mapping[str, Any] | None) -> list[Any]:
    gateways, principal = exchange.services.messaging.gateways, exchange.principal
    known = GatewayKind(kind)
    options, secrets = gateways.kinds(principal)[known]
    kept = () if gateway is None else tuple(gateway["secrets"])
    schema = gateways.schema(principal, known)
    return setting_inputs(schema, tuple(options), tuple(secrets), values, kept, exchange.translate)


async def _form(
    exchange: Exchange,
    kind: str,
    values: Mapping[str, Any],
    options: Mapping[str, Any],
    gateway: Mapping[str, Any] | None = None,
    error: ServiceError | None = None,
) -> Reply:
    say = exchange.translate
    fields = error.fields if isinstance(error, InvalidError) else {}
    current = error.details.get("current") if isinstance(error, ConflictError) else None
    cost = values.get("cost", 0)
    context = {
        "gateway": gateway,
        "kind": {"code": kind, "label": say(KINDS[kind])},
        "values": {**dict.fromkeys(_SHOWN, ""), **values, "cost": cost / 1000 if isinstance(cost, int) else cost},
        "prefixes": " ".join(values.get("prefixes") or ()),
        "purposes": [
            {"code": one.value, "label": say(PURPOSES[one]), "chosen": one.value in (values.get("purposes") or ())}
            for one in Purpose
            if one not in OF_THE_HOUSE
        ],
        "countings": [{"code": code, "label": say(label)} for code, label in COUNTINGS.items()],
        "inputs": _inputs(exchange, kind, options, gateway),
        "version": (current or gateway or {}).get("version", ""),
        "errors": {name: translated(say, text) for name, text in fields.items()},
        "error": translated(say, error.message) if error else "",
        "differences": [],
    }
    return Page("gateway_form.html", context, status=status_of(error) if error else 200)


async def _test(
    exchange: Exchange, gateway_id: int, values: Mapping[str, str], error: InvalidError | None = None
) -> Reply:
    listed = await exchange.services.messaging.gateways.list(exchange.principal)
    gateway = next((one for one in listed if one["id"] == gateway_id), None)
    if gateway is None:
        return Redirect("/gateways")
    say = exchange.translate
    context = {
        "gateway": _shown(exchange, gateway),
        "values": values,
        "errors": {name: translated(say, text) for name, text in (error.fields if error else {}).items()},
        "error": translated(say, error.message) if error else "",
        "differences": [],
    }
    return Page("gateway_test.html", context, status=status_of(error) if error else 200)


def _thousandths(text: str) -> Any:
    """Yuan as typed (``0.045``) in thousandths; what is no number is refused by the service."""
    try:
        return round(float(text or 0) * 1000)
    except (ValueError, OverflowError):
        return text
