"""Values of fields: read from what came from outside, shown as JSON data, described by a schema; by kind."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

from callcenter.administration.fields import Field, Kind
from callcenter.clock import iso
from callcenter.text import N_, Text

MOST_PHONES = 20
MOST_REFERENCES = 100
LARGEST_ID = 2**53
LONGEST_PASSWORD = 200
PHONE_LENGTH = 60
LABEL_LENGTH = 40

NEEDED = N_("Required.")


class FieldError(ValueError):
    """What is wrong with one value, for the person who typed it."""


def read_value(field: Field, value: Any) -> Any:
    """``value`` as it came from outside (JSON or a form), cleaned and checked; raises FieldError."""
    found = KINDS[field.kind].read(field, value)
    if field.required and found in _EMPTY:
        raise FieldError(NEEDED)
    return found


def show_value(field: Field, value: Any) -> Any:
    """``value`` as JSON data."""
    return KINDS[field.kind].show(value)


def value_schema(field: Field) -> dict[str, Any]:
    """The JSON schema of the field's value."""
    schema = {**KINDS[field.kind].schema, "title": field.label}
    if field.kind in (Kind.TEXT, Kind.LONG_TEXT):
        schema["maxLength"] = field.max_length
    if field.kind is Kind.NUMBER:
        schema |= {"minimum": field.minimum, "maximum": field.maximum}
    if field.kind is Kind.CHOICE:
        schema["enum"] = [choice for choice, _ in field.choices] + ([] if field.required else [""])
    if field.readonly:
        schema["readOnly"] = True
    return schema


def too_long(limit: int) -> Text:
    """What is wrong with a text of more than ``limit`` characters."""
    return Text(N_("At most {limit} characters."), limit=limit)


_EMPTY: tuple[Any, ...] = (None, "", [], {})

# Control and format signs (bidi overrides, zero width), lone surrogates. Private use stays: rare names are written so.
_REFUSED = frozenset({"Cc", "Cf", "Cs"})
_BREAKS = re.compile(r"\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_BLANKS = re.compile(r"[^\S\n]+")


def clean(text: str, *, lines: bool = False) -> str:
    """Without control signs and signs that turn the direction of text, composed, no blanks at the ends or in rows."""
    broken = _BREAKS.sub("\n", text)
    spaced = broken if lines else broken.replace("\n", " ")
    kept = "".join(
        sign for sign in spaced.replace("\t", " ") if sign == "\n" or unicodedata.category(sign) not in _REFUSED
    )
    return unicodedata.normalize("NFC", kept if lines else _BLANKS.sub(" ", kept)).strip()


def _text(field: Field, value: Any) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        raise FieldError(N_("This must be text."))
    text = clean(value, lines=field.kind is Kind.LONG_TEXT)
    if len(text) > field.max_length:
        raise FieldError(too_long(field.max_length))
    return text


def _password(_: Field, value: Any) -> str:
    """As it was typed."""
    if value is None:
        return ""
    if type(value) is not str or len(value) > LONGEST_PASSWORD:
        raise FieldError(Text(N_("A password has at most {count} characters."), count=LONGEST_PASSWORD))
    return value


def _choice(field: Field, value: Any) -> str:
    allowed = [choice for choice, _ in field.choices]
    if value is None or value == "":
        return ""
    if type(value) is not str or value not in allowed:
        raise FieldError(Text(N_("Choose one of: {choices}."), choices=", ".join(allowed)))
    return value


_FLAGS: Mapping[tuple[type, Any], bool] = MappingProxyType(
    {(bool, True): True, (bool, False): False, (type(None), None): False}
    | {(str, text): True for text in ("on", "true", "1", "yes")}
    | {(str, text): False for text in ("", "off", "false", "0", "no")}
)


def _flag(_: Field, value: Any) -> bool:
    found = _FLAGS.get((type(value), value)) if type(value) in (bool, str, type(None)) else None
    if found is None:
        raise FieldError(N_("This must be yes or no."))
    return found


def _date(_: Field, value: Any) -> date | None:
    if value is None or value == "":
        return None
    try:
        found = date.fromisoformat(value)
    except (ValueError, TypeError):
        raise FieldError(N_("This must be a date such as 1960-03-31.")) from None
    if not 1850 <= found.year <= 2200:
        raise FieldError(N_("This date is too far away."))
    return found


def _whole(value: Any, minimum: int, maximum: int) -> int:
    try:
        number = int(value) if type(value) in (int, str) else None
    except ValueError:
        number = None
    if number is None:
        raise FieldError(N_("This must be a whole number."))
    if not minimum <= number <= maximum:
        raise FieldError(Text(N_("From {minimum} to {maximum}."), minimum=minimum, maximum=maximum))
    return number


def _number(field: Field, value: Any) -> int:
    """A number's column is never NULL: what is left out is the least."""
    return field.minimum if value is None or value == "" else _whole(value, field.minimum, field.maximum)


def _reference(_: Field, value: Any) -> int | None:
    return None if value is None or value == "" else _whole(value, 1, LARGEST_ID)


def _references(_: Field, value: Any) -> list[int]:
    many = [] if value is None or value == "" else value
    if type(many) is not list or len(many) > MOST_REFERENCES:
        raise FieldError(N_("This must be a list."))
    return sorted({_whole(one, 1, LARGEST_ID) for one in many})


def _phones(_: Field, value: Any) -> list[dict[str, str]]:
    """A list of ``{"number": as written, "label": text}`` or of numbers; empty rows are left out."""
    rows = [] if value is None or value == "" else value
    if type(rows) is not list or len(rows) > MOST_PHONES:
        raise FieldError(Text(N_("This must be a list of at most {count} numbers."), count=MOST_PHONES))
    return [phone for row in rows if (phone := _phone(row))["number"]]


def _phone(row: Any) -> dict[str, str]:
    entry = {"number": row} if type(row) is str else row
    if type(entry) is not dict or not entry.keys() <= {"number", "label", "number_formatted"}:
        raise FieldError(N_("Each number has a number and a label."))
    number, label = entry.get("number") or "", entry.get("label") or ""
    if type(number) is not str or type(label) is not str or len(number) > PHONE_LENGTH:
        raise FieldError(N_("Each number has a number and a label."))
    label = clean(label)
    if len(label) > LABEL_LENGTH:
        raise FieldError(too_long(LABEL_LENGTH))
    return {"number": clean(number), "label": label}


def _grants(_: Field, value: Any) -> dict[str, str]:
    """Permission → scope; an empty scope takes the permission away. Which there are is checked by the hooks."""
    grants = {} if value is None or value == "" else value
    if type(grants) is not dict or not all(type(scope) is str or scope is None for scope in grants.values()):
        raise FieldError(N_("This must map permissions to scopes."))
    return {name: scope for name, scope in sorted(grants.items()) if scope}


def _readonly(_: Field, __: Any) -> Any:
    raise FieldError(N_("This cannot be set."))


def _as_it_is(value: Any) -> Any:
    return value


def _iso_date(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _hidden(_: Any) -> None:
    return None


@dataclass(frozen=True)
class _Rules:
    read: Callable[[Field, Any], Any]
    show: Callable[[Any], Any]
    schema: Mapping[str, Any]


_PHONE_SCHEMA = {
    "type": "object",
    "properties": {"number": {"type": "string"}, "label": {"type": "string", "maxLength": LABEL_LENGTH}},
    "required": ["number"],
}

KINDS: Mapping[Kind, _Rules] = MappingProxyType(
    {
        Kind.TEXT: _Rules(_text, _as_it_is, {"type": "string"}),
        Kind.LONG_TEXT: _Rules(_text, _as_it_is, {"type": "string"}),
        Kind.CHOICE: _Rules(_choice, _as_it_is, {"type": "string"}),
        Kind.FLAG: _Rules(_flag, _as_it_is, {"type": "boolean"}),
        Kind.DATE: _Rules(_date, _iso_date, {"type": ["string", "null"], "format": "date"}),
        Kind.MOMENT: _Rules(_readonly, iso, {"type": ["string", "null"], "format": "date-time"}),
        Kind.NUMBER: _Rules(_number, _as_it_is, {"type": "integer"}),
        Kind.REFERENCE: _Rules(_reference, _as_it_is, {"type": ["integer", "null"]}),
        Kind.REFERENCES: _Rules(_references, _as_it_is, {"type": "array", "items": {"type": "integer"}}),
        Kind.PHONES: _Rules(_phones, _as_it_is, {"type": "array", "maxItems": MOST_PHONES, "items": _PHONE_SCHEMA}),
        Kind.PASSWORD: _Rules(_password, _hidden, {"type": "string", "format": "password", "writeOnly": True}),
        Kind.GRANTS: _Rules(
            _grants, _as_it_is, {"type": "object", "additionalProperties": {"enum": ["own", "department", "all"]}}
        ),
    }
)
"""Kind → how its values are read, shown and described."""
