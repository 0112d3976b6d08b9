"""From the bytes of a request to a checked pydantic model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from twisted.web.server import Request

from callcenter.errors import InvalidError
from callcenter.number_plan import typed_digits
from callcenter.text import N_, Text
from hardware.strict_numbers import StrictNumbers
from web.errors import MalformedError, TooLargeError, WrongTypeError
from web.security import header
from web.settings import SiteSettings

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
MAXIMUM_FIELDS = 1000
_NO_SIGN = "%EF%BF%BD"
_HALF = re.compile(r"\\u[dD][89a-fA-F]")

_Model = TypeVar("_Model", bound=BaseModel)


_YEARS: Mapping[str, int] = {"first": 1900, "last": 2999}


def _in_reach(at: date) -> date:
    """The first and last days there are have no place in another zone, nor a day before or after them."""
    if not _YEARS["first"] <= at.year <= _YEARS["last"]:
        raise PydanticCustomError("out_of_reach", "a day of the years {first} to {last}", dict(_YEARS))
    return at


Day = Annotated[date, AfterValidator(_in_reach)]
"""A day of the hospital."""
Moment = Annotated[AwareDatetime, AfterValidator(_in_reach)]
"""A moment with its zone."""


def _with_digits(typed: str) -> str:
    """What has no digit is in no number; empty asks for nothing."""
    if typed and not typed_digits(typed):
        raise PydanticCustomError("no_digits", "digits of a number")
    return typed


NumberPart = Annotated[str, Field(max_length=40), AfterValidator(_with_digits)]
"""Digits of a number to look for, however they are written."""


class Input(StrictNumbers):
    """Base of every body and query: a field that is not declared is refused, never ignored, and true is no number."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


class Filters(Input):
    """Base of a page's address that narrows what the page shows: see ``web.narrowing``."""


def content_type(request: Request) -> str:
    """The Content-Type without parameters, in lower case."""
    return header(request, "Content-Type").partition(";")[0].strip().lower()


def nesting(text: str) -> int:
    """How deep brackets nest in JSON text, strings left out; never recursive, never in error."""
    depth = deepest = 0
    in_string = escaped = False
    for sign in text:
        if in_string:
            escaped, in_string = (sign == "\\" and not escaped), (sign != '"' or escaped)
        elif sign == '"':
            in_string = True
        elif sign in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif sign in "]}":
            depth -= 1
    return deepest


def _body_text(request: Any) -> str:
    if request.too_large:
        raise TooLargeError(N_("What was sent is larger than the server takes."))
    request.content.seek(0)
    try:
        return request.content.read().decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError(N_("What was sent is not UTF-8 text.")) from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _json_body(request: Request, settings: SiteSettings) -> Any:
    text = _body_text(request)
    if not text.strip():
        return {}
    if nesting(text) > settings.json_depth:
        raise MalformedError(N_("The JSON is nested too deeply."))
    try:
        data = json.loads(text, parse_constant=_no_constant)
        if _HALF.search(text):
            # Half a character (RFC 8259, section 8.2) could be neither written down nor said in an answer.
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise MalformedError(N_("What was sent is not JSON.")) from error
    return data


def form_fields(text: str) -> dict[str, str | list[str]]:
    """Fields of a form or query string: a text each, a list where a name comes several times."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAXIMUM_FIELDS, errors="strict")
    except ValueError as error:
        raise MalformedError(N_("The form cannot be read.")) from error
    fields: dict[str, str | list[str]] = {}
    for name, value in pairs:
        match fields.get(name):
            case None:
                fields[name] = value
            case list() as values:
                values.append(value)
            case str() as first:
                fields[name] = [first, value]
    return fields


def read_body(request: Request, settings: SiteSettings, accepted: tuple[str, ...]) -> Any:
    """The body as plain data: JSON, or a form's fields. Raises the refusals of ``web.errors``."""
    kind = content_type(request)
    if not kind and not getattr(request, "too_large", False) and not _body_text(request):
        return {}
    if kind not in accepted:
        raise WrongTypeError(Text(N_("Send this as {type}."), type=accepted[0]))
    return _json_body(request, settings) if kind == JSON_TYPE else form_fields(_body_text(request))


def query_fields(request: Request) -> dict[str, str | list[str]]:
    """The query string's fields. For NUL, which PostgreSQL takes in no text, stands U+FFFD."""
    raw = request.uri.partition(b"?")[2]
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise MalformedError(N_("The address cannot be read.")) from error
    return form_fields(text.replace("\0", _NO_SIGN).replace("%00", _NO_SIGN))


_CHOICE = N_("Choose one of the listed values.")
_NUMBER = N_("This must be a whole number.")
_MOMENT = N_("This must be a time with its zone, such as 2026-03-02T08:00:00Z.")
_DAY = N_("This must be a date such as 1960-03-31.")
_OTHER = N_("This is not valid.")

# Kind of pydantic's finding → what the person is told.
_WORDS: Mapping[str, str] = {
    "missing": N_("Required."),
    "extra_forbidden": N_("There is no such field."),
    "string_type": N_("This must be text."),
    "int_parsing": _NUMBER,
    "int_type": _NUMBER,
    "int_from_float": _NUMBER,
    "int_parsing_size": _NUMBER,
    "bool_parsing": N_("This must be yes or no."),
    "bool_type": N_("This must be yes or no."),
    "literal_error": _CHOICE,
    "date_from_datetime_parsing": _DAY,
    "date_parsing": _DAY,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_parsing": _MOMENT,
    "timezone_aware": _MOMENT,
    "no_digits": N_("A number fragment has digits."),
    "out_of_reach": Text(N_("Choose a day of the years {first} to {last}."), **_YEARS),
}

# Of those with a limit: what is said, what it calls the limit, and what pydantic calls it.
_LIMITS: Mapping[str, tuple[str, str, str]] = {
    "string_too_long": (N_("At most {limit} characters."), "limit", "max_length"),
    "string_too_short": (N_("At least {limit} characters."), "limit", "min_length"),
    "too_long": (N_("At most {count} of them."), "count", "max_length"),
    "greater_than_equal": (N_("At least {minimum}."), "minimum", "ge"),
    "less_than_equal": (N_("At most {maximum}."), "maximum", "le"),
}


def _words(kind: str, context: Mapping[str, Any]) -> str:
    if kind not in _LIMITS:
        return _WORDS.get(kind, _OTHER)
    words, name, limit = _LIMITS[kind]
    return Text(words, **{name: context[limit]})


def check(model: type[_Model], data: Any) -> _Model:
    """``data`` as ``model``; raises InvalidError naming each field, without repeating what was typed."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        fields = {
            ".".join(str(step) for step in found["loc"]) or "body": _words(found["type"], found.get("ctx", {}))
            for found in error.errors(include_url=False, include_input=False)
        }
        raise InvalidError(N_("Some of what was sent is not valid."), fields) from None
