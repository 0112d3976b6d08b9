"""The form of an SMS gateway: adding one, setting one up, taking one away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from callcenter.errors import ConflictError, InvalidError, ServiceError
from callcenter.messaging.gateways.settings import OPTION, default_counting
from callcenter.messaging.vocabulary import OF_THE_HOUSE, Purpose
from callcenter.text import N_, translated
from hardware.gateways.settings import GatewayKind
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.gateway_inputs import GatewayKindForm, Setting, read_options, sent_options
from web.gateway_merging import form_fields, merge_of, merged_form, sent_fields
from web.gateway_typed import FLAGS, TEXTS, GatewayForm, Typed, yuan
from web.gateway_words import ABOUT, COUNTINGS, KINDS
from web.merging import Other, last_change, others, read_seen, write_seen
from web.parsing import Input
from web.routing import Routes
from web.words import PURPOSES

routes = Routes()

_SHOWN = (*TEXTS, *FLAGS, "priority", "counting", "balance_low")
_COST = N_("An amount in yuan from 0 to 100 with three decimals at most, such as 0.045.")


class KindChoice(Input):
    """For which kind the form is."""

    kind: Annotated[str, Field(max_length=10)] = ""


class Removal(Input):
    """The version of the gateway that is meant."""

    version: Typed = ""


@dataclass(frozen=True)
class Filled:
    """A form as it is shown: of ``gateway`` where it is there already, then with ``version`` and ``seen`` for the next
    press. ``others``: what somebody else changed meanwhile.
    """

    kind: str
    values: Mapping[str, Any]
    options: Mapping[str, Any]
    gateway: Mapping[str, Any] | None = None
    version: Any = ""
    seen: str = ""
    error: ServiceError | None = None
    others: Sequence[Other] = ()


@routes.get("/gateways/new", permission="gateways.edit")
async def show_new_gateway(exchange: Exchange, query: KindChoice) -> Reply:
    """Which kind it is, then the form for it."""
    kinds = [kind.value for kind in exchange.services.messaging.gateways.kinds(exchange.principal)]
    if query.kind not in kinds:
        say = exchange.translate
        cards = [{"kind": one, "label": say(KINDS[one]), "about": say(ABOUT[one])} for one in kinds]
        return Page("gateway_kinds.html", {"kinds": cards})
    blank = {"in_service": True, "priority": 5, "cost": 0, "counting": default_counting(GatewayKind(query.kind)).value}
    return _form(exchange, Filled(query.kind, blank, {}))


@routes.post("/gateways/new", permission="gateways.edit")
async def add_gateway(exchange: Exchange, body: GatewayForm) -> Reply:
    """Add the gateway, or show the form again with everything that was typed but the secrets."""
    gateways = exchange.services.messaging.gateways
    if body.kind not in [kind.value for kind in gateways.kinds(exchange.principal)]:
        return Redirect("/gateways/new")
    typed = _typed(exchange, body, body.kind)
    values = {**body.arranged, "kind": body.kind, "options": sent_options(typed)}
    try:
        await gateways.create(exchange.principal, values)
    except (InvalidError, ConflictError) as error:
        return _form(exchange, Filled(body.kind, body.shown, typed, error=error))
    return Redirect("/gateways?done=added")


@routes.get("/gateways/<int:gateway_id>/edit", permission="gateways.edit")
async def show_gateway(exchange: Exchange, gateway_id: int) -> Reply:
    """The form of a gateway."""
    return _form(exchange, await _present(exchange, gateway_id))


@routes.post("/gateways/<int:gateway_id>/edit", permission="gateways.edit")
async def change_gateway(exchange: Exchange, gateway_id: int, body: GatewayForm) -> Reply:
    """Set the gateway up anew, or show the form again: with what is wrong, or with what somebody else changed."""
    gateway = await exchange.services.messaging.gateways.get(exchange.principal, gateway_id)
    typed = _typed(exchange, body, gateway["kind"], gateway["secrets"])
    try:
        await _save(exchange, gateway_id, body, typed, body.version)
    except InvalidError as error:
        # Version and ``seen`` stay: what somebody else changes until the next press is still a conflict then.
        filled = Filled(gateway["kind"], body.shown, typed, gateway, body.version, body.seen, error)
        return _form(exchange, filled)
    except ConflictError as error:
        return await _merged(exchange, gateway_id, body, error)
    return Redirect("/gateways?done=changed")


async def _save(exchange: Exchange, gateway_id: int, body: GatewayForm, typed: Mapping[str, Any], version: Any) -> None:
    values = {**body.arranged, "options": sent_options(typed)}
    await exchange.services.messaging.gateways.edit(exchange.principal, gateway_id, values, version)


async def _merged(exchange: Exchange, gateway_id: int, body: GatewayForm, error: ConflictError) -> Reply:
    """The form with what somebody else changed and with what was typed, to be looked at and saved again."""
    present, say = await _present(exchange, gateway_id), exchange.translate
    kept = present.gateway["secrets"] if present.gateway else ()
    inputs = _inputs(exchange, present.kind, _typed(exchange, body, present.kind, kept), kept)
    merge, now = merge_of(body, inputs), read_seen(present.seen)
    form = merged_form(body, merge, now, present.version, inputs)
    told = others(merge, now, form_fields(inputs, say), say)
    if not told:
        # What they saved is what was there, or what was typed here: there is nothing to decide.
        return await change_gateway(exchange, gateway_id, form)
    typed = _typed(exchange, form, present.kind, kept)
    return _form(exchange, replace(present, values=form.shown, options=typed, error=error, others=told))


@routes.post("/gateways/<int:gateway_id>/remove", permission="gateways.edit")
async def remove_gateway(exchange: Exchange, gateway_id: int, body: Removal) -> Reply:
    """Take the gateway away, or say why that cannot be."""
    gateways = exchange.services.messaging.gateways
    try:
        await gateways.remove(exchange.principal, gateway_id, body.version)
    except (InvalidError, ConflictError) as error:
        return _form(exchange, replace(await _present(exchange, gateway_id), error=error))
    return Redirect("/gateways?done=removed")


async def _present(exchange: Exchange, gateway_id: int) -> Filled:
    """The form of a gateway as it is now."""
    gateways, principal = exchange.services.messaging.gateways, exchange.principal
    marks = await gateways.marks(principal, gateway_id)
    gateway = await gateways.get(principal, gateway_id)
    inputs = _inputs(exchange, gateway["kind"], gateway["options"], gateway["secrets"])
    seen = write_seen(sent_fields(gateway, inputs, marks))
    return Filled(gateway["kind"], gateway, gateway["options"], gateway, gateway["version"], seen)


def _kind_form(exchange: Exchange, kind: str) -> GatewayKindForm:
    gateways, principal = exchange.services.messaging.gateways, exchange.principal
    known = GatewayKind(kind)
    options, secrets = gateways.kinds(principal)[known]
    return GatewayKindForm(kind, gateways.schema(principal, known), options, secrets)


def _inputs(exchange: Exchange, kind: str, options: Mapping[str, Any], kept: Sequence[str]) -> list[Setting]:
    return _kind_form(exchange, kind).inputs(options, kept, exchange.translate)


def _typed(exchange: Exchange, body: GatewayForm, kind: str, kept: Sequence[str] = ()) -> dict[str, Any]:
    return read_options(body.model_extra or {}, _inputs(exchange, kind, {}, kept))


def _form(exchange: Exchange, filled: Filled) -> Reply:
    say, values, error = exchange.translate, filled.values, filled.error
    kept = filled.gateway["secrets"] if filled.gateway else ()
    inputs = _inputs(exchange, filled.kind, filled.options, kept)
    errors = _errors(exchange, error)
    cost = values.get("cost", 0)
    purposes = values.get("purposes") or ()
    context = {
        "gateway": filled.gateway,
        "kind": {"code": filled.kind, "label": say(KINDS[filled.kind])},
        "values": {**dict.fromkeys(_SHOWN, ""), **values, "cost": yuan(cost)},
        "prefixes": " ".join(values.get("prefixes") or ()),
        "purposes": [
            {"code": one.value, "label": say(PURPOSES[one]), "chosen": one.value in purposes}
            for one in Purpose
            if one not in OF_THE_HOUSE
        ],
        "countings": [{"code": code, "label": say(label)} for code, label in COUNTINGS.items()],
        "inputs": inputs,
        "version": filled.version,
        "errors": errors,
        "more_wrong": any(f"o-{one.name}" in errors for one in inputs if not one.front and not one.own),
        "error": translated(say, error.message) if error else "",
        "seen": filled.seen,
        "others": filled.others,
        "last_change": last_change(error),
    }
    # All of it is the hospital's own; masks would be saved as they stand.
    return Page("gateway_form.html", context, status=status_of(error) if error else 200, disclosed=True)


def _errors(exchange: Exchange, error: ServiceError | None) -> dict[str, str]:
    """Field → what is wrong with it; those of a setting begin with ``o-``, as its input is called."""
    fields = dict(error.fields) if isinstance(error, InvalidError) else {}
    if "cost" in fields:
        # The service counts thousandths, and speaks of them.
        fields["cost"] = _COST
    say = exchange.translate
    return {
        f"o-{name.removeprefix(OPTION)}" if name.startswith(OPTION) else name: translated(say, text)
        for name, text in fields.items()
    }
