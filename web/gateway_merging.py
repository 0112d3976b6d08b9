"""Two people at the form of one SMS gateway: its fields as browsers send them, and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from callcenter.messaging.vocabulary import Purpose
from web.forms import as_list
from web.gateway_inputs import Setting
from web.gateway_typed import FLAGS, GatewayForm, thousandths, yuan
from web.gateway_words import ARRANGED, COUNTINGS
from web.merging import FormField, Merge, Say, read_seen, write_seen
from web.words import PURPOSES, word_of, yes_no

_TICKED = "true"
_TYPED = "typed"
"""In place of a secret: it is compared, and what it is goes nowhere."""


def sent_fields(values: Mapping[str, Any], inputs: Sequence[Setting], marks: Mapping[str, str]) -> dict[str, Any]:
    """What a browser sends of a form with ``values`` and ``inputs``. Of a secret, its mark (``Gateways.marks``)."""
    fields: dict[str, Any] = {name: _text(values.get(name)) for name in ARRANGED}
    fields |= {name: _TICKED if values.get(name) else "" for name in FLAGS}
    fields |= {
        "purposes": sorted(str(one) for one in values.get("purposes") or ()),
        "prefixes": " ".join(values.get("prefixes") or ()),
        "cost": yuan(thousandths(yuan(values.get("cost", 0)))),
    }
    return fields | {f"o-{one.name}": _sent(one, marks) for one in inputs}


def merge_of(body: GatewayForm, inputs: Sequence[Setting]) -> Merge:
    """What was typed, of which ``inputs`` show the settings, beside what the form was opened with."""
    seen = read_seen(body.seen)
    # A secret that nothing was typed for is left as it is.
    marks = {one.name: _TYPED if one.lost else "" if one.removed else seen.get(f"o-{one.name}", "") for one in inputs}
    return Merge(seen, sent_fields(body.shown, inputs, marks))


def merged_form(
    body: GatewayForm, merge: Merge, present: Mapping[str, Any], present_version: int, inputs: Sequence[Setting]
) -> GatewayForm:
    """The form to go on with: as it is ``present``, with what was changed in ``body``, and its version."""
    extra = body.model_extra or {}
    version = {"version": str(present_version), "seen": write_seen(present)}
    secrets = {f"o-{one.name}": extra.get(f"o-{one.name}", "") for one in inputs if one.secret}
    removed = {f"x-{one.name}": _TICKED for one in inputs if one.removed}
    return GatewayForm.model_validate({**merge.onto(present), **secrets, **removed, "kind": body.kind, **version})


def form_fields(inputs: Sequence[Setting], say: Say) -> list[FormField]:
    """Every field, in the order in which they stand."""
    arranged = [FormField(name, say(label), partial(_arranged_words, say, name)) for name, label in ARRANGED.items()]
    return [
        *arranged,
        *(FormField(f"o-{one.name}", one.label, partial(_words, say, one), one.secret) for one in inputs),
    ]


def _sent(one: Setting, marks: Mapping[str, str]) -> str:
    if one.secret:
        return marks.get(one.name, "")
    return (_TICKED if one.value == "True" else "") if one.flag else one.value


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _words(say: Say, one: Setting, value: Any) -> str:
    """A value of a setting as people read it."""
    if one.flag:
        return yes_no(value, say)
    return next((choice.label for choice in one.choices if choice.code == value), value)


def _arranged_words(say: Say, name: str, value: Any) -> str:
    match name:
        case "purposes":
            return ", ".join(word_of(PURPOSES, one, say) for one in Purpose if one.value in as_list(value))
        case "counting":
            return word_of(COUNTINGS, value, say) if value else ""
        case _:
            return yes_no(value, say) if name in FLAGS else str(value)
