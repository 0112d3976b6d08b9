"""SMS gateways as pages: what they are and do, and trying one. The form is in ``gateway_form``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from callcenter.errors import InvalidError, UnavailableError
from callcenter.text import N_, translated
from web.alarm_filters import reason_words
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.gateway_words import KINDS, MARKS, STATES
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


class GatewaysPage(Input):
    """``done`` tells what has just been done."""

    done: Annotated[str, Field(max_length=20)] = ""


class TestForm(Input):
    """A message to try a gateway with."""

    number: Typed = ""
    text: Typed = ""


@routes.get("/gateways", permission="gateways.view")
async def show_gateways(exchange: Exchange, query: GatewaysPage) -> Reply:
    """Every gateway with its state."""
    say = exchange.translate
    gateways = await exchange.services.messaging.gateways.list(exchange.principal)
    done = say(_DONE[query.done]) if query.done in _DONE else ""
    return Page("gateways.html", {"gateways": [_shown(exchange, one) for one in gateways], "done": done})


@routes.get("/gateways/<int:gateway_id>", permission="gateways.view")
async def show_hour(exchange: Exchange, gateway_id: int) -> Reply:
    """What the gateway did in the last hour."""
    # In this order, one that is removed between the two is missing, not lost.
    listed = await exchange.services.messaging.gateways.list(exchange.principal)
    minutes = await exchange.services.messaging.rates.last_hour(exchange.principal, gateway_id)
    say = exchange.translate
    figures = [{"key": name, "label": say(RATES[name]), "count": sum(one[name] for one in minutes)} for name in RATES]
    gateway = next(_shown(exchange, one) for one in listed if one["id"] == gateway_id)
    return Page("gateway.html", {"gateway": gateway, "minutes": minutes, "figures": figures})


@routes.get("/gateways/<int:gateway_id>/test", permission="gateways.test")
async def show_test(exchange: Exchange, gateway_id: int) -> Reply:
    """A message to try the gateway with."""
    return await _test(exchange, gateway_id, {"number": "", "text": exchange.translate(N_("A test of the gateway."))})


@routes.post("/gateways/<int:gateway_id>/test", permission="gateways.test")
async def send_test(exchange: Exchange, gateway_id: int, body: TestForm) -> Reply:
    """Queue the message and show what becomes of it, or show the form again."""
    gateways = exchange.services.messaging.gateways
    try:
        message_id = await gateways.test(exchange.principal, gateway_id, body.number, body.text)
    except InvalidError as error:
        return await _test(exchange, gateway_id, body.model_dump(), error)
    may_see = exchange.principal.may("messages.view")
    return Redirect(f"/messages/{message_id}" if may_see else "/gateways?done=tested")


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
    }
    # The number is what was typed just now; a mask would be no number.
    return Page("gateway_test.html", context, status=status_of(error) if error else 200, disclosed=True)
