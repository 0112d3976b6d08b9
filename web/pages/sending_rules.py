"""The rules of sending as a form: quiet hours, the day's share of a number, expiry, what is sent again in doubt."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from callcenter.errors import ConflictError, InvalidError, ServiceError
from callcenter.messaging.fields import RULE_FIELDS
from callcenter.messaging.rules.sending import SendingRules
from callcenter.messaging.vocabulary import OF_THE_HOUSE, Purpose
from callcenter.text import N_, translated
from web.errors import status_of
from web.exchange import Exchange, Page, Redirect, Reply
from web.forms import as_list
from web.merging import FormField, Merge, last_change, others, read_seen, write_seen
from web.parsing import Input
from web.routing import Routes
from web.words import PURPOSES

routes = Routes()

PATH = "/sending-rules"
CLOCKS = ("closes", "opens")
NUMBERS = ("daily_cap", "expire_hours", "late_minutes")
LISTS = ("waiting", "capped", "resent")
LABELS: Mapping[str, str] = {one.name: one.label for one in RULE_FIELDS}
_HELD = tuple(one for one in Purpose if one not in OF_THE_HOUSE)
# Nothing holds up what goes to the hospital's own people; whether an alarm is sent twice is a choice.
_OFFERED = {"waiting": _HELD, "capped": _HELD, "resent": (*_HELD, Purpose.ALARM)}

Typed = Annotated[str, Field(max_length=20)]
Ticked = Typed | Annotated[list[Typed], Field(max_length=len(Purpose))]


class RulesPage(Input):
    """``done`` tells what has just been done."""

    done: Typed = ""


class RulesForm(Input):
    """What was typed; ``seen`` is what the form was opened with, as JSON, and ``version`` that of then."""

    version: Typed = ""
    seen: Annotated[str, Field(max_length=2000)] = ""
    opens: Typed = ""
    closes: Typed = ""
    waiting: Ticked = ""
    daily_cap: Typed = ""
    capped: Ticked = ""
    expire_hours: Typed = ""
    late_minutes: Typed = ""
    resent: Ticked = ""

    @property
    def merge(self) -> Merge:
        """What was typed beside what was there."""
        return Merge(read_seen(self.seen), _plain(self.model_dump()))


@routes.get(PATH, permission="messaging_rules.view")
async def show_rules(exchange: Exchange, query: RulesPage) -> Reply:
    """The form with the rules that hold now."""
    rules = await exchange.services.messaging.rules.get(exchange.principal)
    done = exchange.translate(N_("The rules are saved and hold from now on.")) if query.done == "saved" else ""
    return _form(exchange, _plain(rules), _plain(rules), rules["version"], done=done)


@routes.post(PATH, permission="messaging_rules.edit")
async def change_rules(exchange: Exchange, body: RulesForm) -> Reply:
    """Change the rules that were typed anew, or show the form again with all that was typed."""
    merge = body.merge
    if not merge.meant:
        return Redirect(PATH)
    try:
        await _save(exchange, merge, body.version)
    except InvalidError as error:
        return _form(exchange, merge.typed, merge.seen, body.version, error)
    except ConflictError as error:
        current = error.details["current"]
        present = _plain(current)
        return _form(exchange, merge.onto(present), present, current["version"], error, merge=merge)
    return Redirect(f"{PATH}?done=saved")


async def _save(exchange: Exchange, merge: Merge, version: Any) -> None:
    rules = exchange.services.messaging.rules
    try:
        await rules.change(exchange.principal, merge.meant, version)
    except ConflictError as error:
        # The rules of receiving stand in the same row: what was changed there is nobody's concern here.
        if merge.moved(_plain(error.details["current"])):
            raise
        await rules.change(exchange.principal, merge.meant, error.details["current"]["version"])


def _plain(rules: Mapping[str, Any]) -> dict[str, Any]:
    """Rules as inputs have them. Midnight has one name: no clock shows 24:00, and the rules take both alike."""
    return {
        **{name: str(rules[name]).replace("24:00", "00:00") for name in CLOCKS},
        **{name: str(rules[name]) for name in NUMBERS},
        **{name: sorted({one for one in as_list(rules[name]) if one}) for name in LISTS},
    }


def _form(
    exchange: Exchange,
    values: Mapping[str, Any],
    seen: Mapping[str, Any],
    version: Any,
    error: ServiceError | None = None,
    *,
    merge: Merge | None = None,
    done: str = "",
) -> Reply:
    say = exchange.translate
    fields = error.fields if isinstance(error, InvalidError) else {}
    context = {
        "values": values,
        "seen": write_seen(seen),
        "version": version,
        "labels": {name: say(label) for name, label in LABELS.items()},
        "defaults": {
            name: _words(exchange, value) for name, value in _plain(SendingRules().model_dump(mode="json")).items()
        },
        "limits": {name: _limits(name) for name in NUMBERS},
        "offered": {name: _choices(exchange, name, values[name]) for name in LISTS},
        "zone": exchange.settings.time_zone.key,
        "errors": {name: translated(say, text) for name, text in fields.items()},
        "error": translated(say, error.message) if error else "",
        "others": [] if merge is None else others(merge, seen, _fields(exchange), say),
        "last_change": last_change(error),
        "done": done,
    }
    return Page("sending_rules.html", context, status=status_of(error) if error else 200)


def _fields(exchange: Exchange) -> list[FormField]:
    return [FormField(name, exchange.translate(label), partial(_words, exchange)) for name, label in LABELS.items()]


def _words(exchange: Exchange, value: Any) -> str:
    """A value in words."""
    say = exchange.translate
    if type(value) is not list:
        return str(value)
    chosen = [say(word) for code, word in PURPOSES.items() if code in value]
    return say(N_(", ")).join(chosen) or say(N_("none"))


def _choices(exchange: Exchange, name: str, chosen: Any) -> list[dict[str, Any]]:
    """The purposes to tick; one that is set by the API and that nobody should set stays to be seen and taken off."""
    shown = [one for one in Purpose if one in _OFFERED[name] or one in chosen]
    return [{"code": one.value, "label": exchange.translate(PURPOSES[one]), "on": one in chosen} for one in shown]


def _limits(name: str) -> tuple[int, int]:
    schema = SendingRules.model_json_schema()["properties"][name]
    return schema["minimum"], schema["maximum"]
