"""Forms of declared records: a record as inputs, and what was typed as a body for the service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from callcenter.administration.fields import Field, Kind
from callcenter.administration.permissions import RESOURCES
from callcenter.text import translated
from web.words import RESOURCE_WORDS, permission_word

Fields = Mapping[str, Any]
"""Names of inputs → what was typed, a list where a name came several times."""

EMPTY_PHONE_ROWS = 2


def as_list(value: Any) -> list[Any]:
    """One or many as many; none as an empty list."""
    if value is None:
        return []
    return value if type(value) is list else [value]


def _typed_text(field: Field, typed: Fields) -> Any:
    return as_list(typed.get(field.name, ""))[-1]


def _typed_flag(field: Field, typed: Fields) -> bool:
    return field.name in typed


def _typed_many(field: Field, typed: Fields) -> list[Any]:
    return [one for one in as_list(typed.get(field.name)) if one != ""]


def _typed_phones(field: Field, typed: Fields) -> list[dict[str, str]]:
    numbers = as_list(typed.get(f"{field.name}.number"))
    labels = as_list(typed.get(f"{field.name}.label"))
    rows = [{"number": number, "label": label} for number, label in zip_longest(numbers, labels, fillvalue="")]
    return [row for row in rows if row["number"].strip() or row["label"].strip()]


def _typed_grants(field: Field, typed: Fields) -> dict[str, Any]:
    start = f"{field.name}."
    return {name.removeprefix(start): value for name, value in typed.items() if name.startswith(start) and value}


_READERS: Mapping[Kind, Callable[[Field, Fields], Any]] = MappingProxyType(
    {
        Kind.FLAG: _typed_flag,
        Kind.REFERENCES: _typed_many,
        Kind.PHONES: _typed_phones,
        Kind.GRANTS: _typed_grants,
    }
)


def typed_body(fields: tuple[Field, ...], typed: Fields) -> dict[str, Any]:
    """What was typed, as the body that the service takes; each value still as it was typed."""
    return {one.name: _READERS.get(one.kind, _typed_text)(one, typed) for one in fields}


@dataclass(frozen=True)
class Input:
    """One field as the template shows it. ``source`` is the list whose records it refers to, empty for none;
    ``placeholders`` are what can be put into its text, as it is written, and what that is called.
    """

    name: str
    label: str
    kind: str
    value: Any
    required: bool
    writable: bool
    max_length: int
    help: str
    error: str
    options: list[dict[str, Any]]
    source: str
    groups: list[dict[str, Any]]
    placeholders: list[dict[str, str]]


def form_inputs(
    resource: Any,
    record: Fields,
    options: Mapping[str, list[dict[str, Any]]],
    errors: Mapping[str, str],
    say: Callable[[str], str],
    *,
    creating: bool,
    may_write: bool,
) -> list[Input]:
    """The inputs of a form. ``record`` has present or typed values, ``options`` what references can be set to."""
    writable = resource.writable(creating=creating) if may_write else ()
    shown = [one for one in resource.fields if one in writable or not (creating or one.secret)]
    return [_input(one, record, options, errors, say, one in writable, creating) for one in shown]


def _input(
    field: Field,
    record: Fields,
    options: Mapping[str, list[dict[str, Any]]],
    errors: Mapping[str, str],
    say: Callable[[str], str],
    writable: bool,
    creating: bool,
) -> Input:
    value = record.get(field.name)
    hint = (creating and field.help_new) or field.help
    choices = [{"id": choice, "name": say(label)} for choice, label in field.choices] or options.get(field.name, [])
    # What is set stays to be chosen, also when it was disabled since.
    known = {str(one["id"]) for one in choices}
    named = as_list(record.get(field.shown_as)) if field.reference is not None else []
    choices = [*choices, *(one for one in named if type(one) is dict and str(one["id"]) not in known)]
    error = errors.get(field.name, "")
    return Input(
        name=field.name,
        label=say(field.label),
        kind=field.kind.value,
        value=_shown_value(field, value, writable),
        required=field.required or (creating and field.needed_new),
        writable=writable,
        max_length=field.max_length,
        help=say(hint) if hint else "",
        error=translated(say, error) if error else "",
        options=choices,
        source=field.reference.resource if field.reference is not None else "",
        groups=_grant_groups(value or {}, say) if field.kind is Kind.GRANTS else [],
        placeholders=[{"written": f"{{{name}}}", "label": say(label)} for name, label in field.placeholders],
    )


def _shown_value(field: Field, value: Any, writable: bool) -> Any:
    match field.kind:
        case Kind.PASSWORD:
            return ""
        case Kind.PHONES:
            rows = [{"number": one["number"], "label": one.get("label", "")} for one in value or []]
            return rows + [{"number": "", "label": ""}] * (EMPTY_PHONE_ROWS if writable else 0)
        case Kind.REFERENCES:
            return {str(one) for one in value or []}
        case Kind.FLAG:
            return bool(value)
        case _:
            return "" if value is None else value


def _grant_groups(grants: Mapping[str, str], say: Callable[[str], str]) -> list[dict[str, Any]]:
    return [
        {
            "label": say(RESOURCE_WORDS[resource]),
            "grants": [
                {
                    "permission": f"{resource}.{action}",
                    "label": permission_word(f"{resource}.{action}", say),
                    "scope": grants.get(f"{resource}.{action}", ""),
                }
                for action in actions
            ],
        }
        for resource, actions in RESOURCES.items()
    ]
