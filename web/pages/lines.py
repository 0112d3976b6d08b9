"""The lines as a page: what they are, adding one, setting one up, and trying it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from callcenter.errors import ConflictError, InvalidError, NotAllowedError, ServiceError
from callcenter.telephony.line_options import ARRANGED, INTERFACE_DRIVERS
from callcenter.text import N_, translated
from web.api.models import Id
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.line_merging import form_fields, sent_fields
from web.line_words import DRIVER_WORDS, EXAMPLES, driver_cards, option_inputs
from web.merging import Merge, Other, is_stale, last_change, others, read_seen, write_seen
from web.parsing import Input
from web.routing import Routes

routes = Routes()

Typed = Annotated[str, Field(max_length=1000)]

_DONE: Mapping[str, str] = {
    "changed": N_("%(name)s was updated."),
    "removed": N_("%(name)s was removed. Its calls stay on record."),
}
_DEVICE = {"hayes": "serial", "fsk": "serial", "netcallerid": "serial", "tci": "serial", "tp_hid": "hid"}
"""Driver → on which kind of port its devices are looked for."""

Values = dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """Why a form is shown again. ``version`` and ``seen`` are what it was opened with; empty: as the line is now.
    ``others``: what somebody else changed meanwhile.
    """

    error: ServiceError
    version: str = ""
    seen: str = ""
    others: Sequence[Other] = ()


class LinesPage(Input):
    """``done`` tells what has just been done to the line ``key``."""

    done: Annotated[str, Field(max_length=20)] = ""
    key: Id | None = None


class LineForm(Input):
    """What was typed. What is not on the form was not sent. ``seen`` is what the form was opened with, as JSON, and
    ``version`` that of then.
    """

    driver: Typed = ""
    name: Typed = ""
    port: Typed = ""
    profile: Typed = ""
    baud: Typed = ""
    ring_timeout: Typed = ""
    numberless_alarm_after: Typed = ""
    dial_prefix: Typed = ""
    international_prefix: Typed = ""
    headset: Typed = ""
    group: Typed = ""
    bound_agent: Typed = ""
    trace: Typed = ""
    version: Typed = ""
    seen: Annotated[str, Field(max_length=20_000)] = ""

    @property
    def values(self) -> Values:
        """As the service takes it: an empty option is the device's own, an unticked box says no."""
        typed: Values = {name: value for name, value in self if name in self.model_fields_set - {"version", "seen"}}
        for name in ("profile", "baud", "ring_timeout", "numberless_alarm_after"):
            if typed.get(name) == "":
                typed[name] = None
        if "port" in typed:
            typed["trace"] = bool(self.trace)
        return typed


class Removal(Input):
    """The version of the line that is meant."""

    version: Typed = ""


class DriverChoice(Input):
    """For which device the form is."""

    driver: Annotated[str, Field(max_length=30)] = ""


@routes.get("/lines", permission="lines.edit")
async def show_lines(exchange: Exchange, query: LinesPage) -> Reply:
    """Every line with its state and how it is set up."""
    lines = await exchange.services.telephony.setups.list(exchange.principal)
    return Page("lines.html", {"lines": lines, "done": await _told(exchange, query)})


@routes.get("/lines/new", permission="lines.manage")
async def show_new_line(exchange: Exchange, query: DriverChoice) -> Reply:
    """Which device it is, then the form for it."""
    if query.driver not in list(INTERFACE_DRIVERS):
        return Page("line_drivers.html", {"drivers": driver_cards(exchange.translate)})
    return await _form(exchange, {"driver": query.driver})


@routes.post("/lines/new", permission="lines.manage")
async def add_line(exchange: Exchange, body: LineForm) -> Reply:
    """Add the line and go on to trying it, or show the form again with everything that was typed."""
    values = body.values
    try:
        given = {name: value for name, value in values.items() if value is not None}
        made = await exchange.services.telephony.setups.create(exchange.principal, given)
    except (InvalidError, ConflictError) as error:
        if values.get("driver") not in list(INTERFACE_DRIVERS):
            raise
        return await _form(exchange, values, refused=Refused(error))
    return Redirect(f"/lines/{made['id']}/test" if exchange.principal.may("lines.test") else "/lines")


@routes.get("/lines/<int:line_id>/edit", permission="lines.edit")
async def show_line(exchange: Exchange, line_id: int, query: DriverChoice) -> Reply:
    """The form of a line; with ``driver``, as another device."""
    line = await exchange.services.telephony.setups.get(exchange.principal, line_id)
    driver = {"driver": query.driver} if query.driver in list(INTERFACE_DRIVERS) and not line["file"] else {}
    return await _form(exchange, {**_present(line), **driver}, line)


@routes.post("/lines/<int:line_id>/edit", permission="lines.edit")
async def change_line(exchange: Exchange, line_id: int, body: LineForm) -> Reply:
    """Set the line up anew, or show the form again: with what is wrong, or with what somebody else changed."""
    setups = exchange.services.telephony.setups
    try:
        await setups.edit(exchange.principal, line_id, body.values, body.version)
    except (InvalidError, ConflictError, NotAllowedError) as error:
        line = await setups.get(exchange.principal, line_id)
        if is_stale(error):
            return await _merged(exchange, line, body, error)
        # After a refusal the version stays: what somebody else changes until the next press is still a conflict then.
        return await _form(exchange, {**_present(line), **body.values}, line, Refused(error, body.version, body.seen))
    return Redirect(f"/lines?done=changed&key={line_id}")


async def _merged(exchange: Exchange, line: Mapping[str, Any], body: LineForm, error: ServiceError) -> Reply:
    """The form with what somebody else changed and with what was typed, to be looked at and saved again."""
    present, say = sent_fields(_present(line)), exchange.translate
    typed = {name: value for name, value in sent_fields(body.values).items() if name in body.values}
    merge = Merge(read_seen(body.seen), typed)
    merged = {name: value for name, value in merge.onto(present).items() if name in typed}
    form = LineForm.model_validate({**merged, "version": str(line["version"]), "seen": write_seen(present)})
    told = others(merge, present, form_fields(say), say)
    if not told:
        # What they saved is what was there, was typed here, or is not on this form: there is nothing to decide.
        return await change_line(exchange, line["id"], form)
    return await _form(exchange, {**_present(line), **form.values}, line, Refused(error, form.version, form.seen, told))


@routes.post("/lines/<int:line_id>/remove", permission="lines.manage")
async def remove_line(exchange: Exchange, line_id: int, body: Removal) -> Reply:
    """Take the line away, or say why that cannot be."""
    setups = exchange.services.telephony.setups
    line = await setups.get(exchange.principal, line_id)
    try:
        await setups.remove(exchange.principal, line_id, body.version)
    except (InvalidError, ConflictError) as error:
        return await _form(exchange, _present(line), line, Refused(error))
    return Redirect(f"/lines?done=removed&key={line_id}")


@routes.get("/lines/<int:line_id>/test", permission="lines.test")
async def show_test(exchange: Exchange, line_id: int) -> Reply:
    """Ring me now: the check list of a line, and what goes over its port."""
    line = exchange.services.telephony.tests.line(exchange.principal, line_id)
    return Page("line_test.html", {"line": line})


async def _told(exchange: Exchange, query: LinesPage) -> str:
    """What has just been done, in words; empty for nothing."""
    principal = exchange.principal
    if query.done not in _DONE or query.key is None or not principal.may("lines.view"):
        return ""
    names = await exchange.services.telephony.lines.names(principal, [query.key])
    return exchange.translate(_DONE[query.done]) % {"name": names[query.key]} if names else ""


def _present(line: Mapping[str, Any]) -> Values:
    """The line as the form shows it."""
    arranged = {name: line[name] for name in ARRANGED}
    return {**line["settings"], **arranged, "driver": line["driver"], "port": line["port"]}


async def _form(
    exchange: Exchange,
    values: Values,
    line: Mapping[str, Any] | None = None,
    refused: Refused | None = None,
) -> Reply:
    """The form with ``values``; of ``line`` where it is there already."""
    say, principal = exchange.translate, exchange.principal
    error = refused.error if refused else None
    version, seen = ("", "") if line is None else (line["version"], write_seen(sent_fields(_present(line))))
    told = error.fields if isinstance(error, InvalidError) else {}
    errors = {name: translated(say, text) for name, text in told.items()}
    driver = values["driver"]
    whole = principal.may("lines.manage") and (line is None or line["file"] is None)
    choices = await exchange.services.telephony.setups.choices(principal)
    context = {
        "line": line,
        "values": {**dict.fromkeys((*ARRANGED, "port"), ""), **values},
        "version": (refused and refused.version) or version,
        "seen": seen if refused is None or not refused.version else refused.seen,
        "driver": {"code": driver, "label": say(DRIVER_WORDS[driver])},
        "other_drivers": [one for one in driver_cards(say) if one["driver"] != driver] if whole and line else [],
        "whole": whole,
        "options": option_inputs(driver, values, errors, say) if whole else [],
        "example": EXAMPLES.get(driver, ""),
        "bus": _DEVICE.get(driver, ""),
        "groups": _with(choices["groups"], values.get("group", "")),
        "agents": _seats(choices["agents"], values.get("bound_agent", "")),
        "errors": errors,
        "error": translated(say, error.message) if error else "",
        "others": refused.others if refused else (),
        "last_change": last_change(error),
    }
    # All of it is the hospital's own; masks would be saved as they stand.
    return Page("line_form.html", context, status=status_of(error) if error else 200, disclosed=True)


def _with(groups: list[str], present: str) -> list[str]:
    """What is set stays to be chosen, also when there is no such group any more."""
    return groups if not present or present in groups else [present, *groups]


def _seats(agents: list[dict[str, str]], present: str) -> list[dict[str, str]]:
    known = not present or any(one["username"] == present for one in agents)
    return agents if known else [{"username": present, "name": present}, *agents]
