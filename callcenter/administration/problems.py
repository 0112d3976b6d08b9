"""What pydantic finds wrong with settings, in words for the person who typed them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ValidationError

from callcenter.administration.values import NEEDED, too_long
from callcenter.text import N_, Text
from hardware.gateways.http_settings import PAGE
from hardware.gateways.pdu_settings import COUNTRY, HOST, PRINTABLE
from protocols.sayings import words_of

Problem = Mapping[str, Any]
"""One of ``ValidationError.errors()``."""

_QUOTED = re.compile(r"'([^']*)'")
_INVALID = N_("This is not valid.")
_WHOLE = N_("This must be a whole number.")
_NUMBER = N_("This must be a number.")
_FLAG = N_("This must be yes or no.")
_DIGITS = N_("Digits only.")

_PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        HOST: N_("A host name or an address, without http:// and without a port."),
        PRINTABLE: N_("Only letters, digits and signs of ASCII."),
        COUNTRY: N_("One to four digits, such as 86."),
        PAGE: N_("A page behind the address, such as sms/send; letters, digits and . _ ~ % - / only."),
        "^[0-9]*$": _DIGITS,
        "^[0-9]{0,20}$": N_("At most 20 digits."),
    }
)
"""What may be written where a pattern is asked for."""


def choose_one(choices: Any) -> Text:
    """That something is none of ``choices``."""
    return Text(N_("Choose one of: {choices}."), choices=", ".join(choices))


def _expected(problem: Problem) -> str:
    return choose_one(filter(None, _QUOTED.findall(problem["ctx"]["expected"])))


def _plain_number(value: float) -> str:
    """As people write it: 0 and not 0.0, 100000 and not 1e+05."""
    return str(value).removesuffix(".0")


def _from_to(problem: Problem) -> str:
    context = problem["ctx"]
    if "ge" in context:
        return Text(N_("At least {minimum}."), minimum=_plain_number(context["ge"]))
    return Text(N_("At most {maximum}."), maximum=_plain_number(context["le"]))


def _too_short(problem: Problem) -> str:
    least = problem["ctx"]["min_length"]
    if least == 1 or not problem["input"]:
        return NEEDED
    return Text(N_("At least {limit} characters."), limit=least)


def _plain(text: str) -> Callable[[Problem], str]:
    return lambda _: text


_WORDS: Mapping[str, Callable[[Problem], str]] = MappingProxyType(
    {
        "value_error": lambda problem: words_of(problem["ctx"]["error"]),
        "enum": _expected,
        "literal_error": _expected,
        "missing": _plain(NEEDED),
        "string_too_short": _too_short,
        "too_short": _too_short,
        "string_too_long": lambda problem: too_long(problem["ctx"]["max_length"]),
        "too_long": lambda problem: Text(N_("At most {count} of them."), count=problem["ctx"]["max_length"]),
        "string_pattern_mismatch": lambda problem: _PATTERNS.get(problem["ctx"]["pattern"], _INVALID),
        "string_type": _plain(N_("This must be text.")),
        "greater_than": lambda problem: Text(N_("More than {minimum}."), minimum=_plain_number(problem["ctx"]["gt"])),
        "greater_than_equal": _from_to,
        "less_than_equal": _from_to,
        "multiple_of": lambda problem: Text(N_("In steps of {step}."), step=problem["ctx"]["multiple_of"]),
        "int_parsing": _plain(_WHOLE),
        "int_type": _plain(_WHOLE),
        "int_from_float": _plain(_WHOLE),
        "int_parsing_size": _plain(_WHOLE),
        "float_parsing": _plain(_NUMBER),
        "float_type": _plain(_NUMBER),
        "finite_number": _plain(_NUMBER),
        "bool_parsing": _plain(_FLAG),
        "bool_type": _plain(_FLAG),
        "extra_forbidden": _plain(N_("There is no such field.")),
    }
)


def problem_words(error: ValidationError, model: type[BaseModel], prefix: str = "") -> dict[str, str]:
    """What is wrong with each field of ``model``, for people; ``outer.inner`` is one of a model within it. ``prefix``
    stands before each.
    """
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False):
        found.setdefault(prefix + _place(model, problem["loc"]), words_of_problem(problem))
    return found


def words_of_problem(problem: Problem) -> str:
    """What is wrong with one field, for people."""
    return _WORDS.get(problem["type"], _plain(_INVALID))(problem)


def _place(model: type[BaseModel], steps: tuple[int | str, ...]) -> str:
    first, *rest = (*steps, "")
    inner = _model_of(model, str(first))
    if inner is None or len(rest) < 2 or rest[0] not in inner.model_fields:
        return str(first)
    return f"{first}.{_place(inner, tuple(rest[:-1]))}"


def _model_of(model: type[BaseModel], name: str) -> type[BaseModel] | None:
    """The model that the value of a field is, where it is one."""
    field = model.model_fields.get(name)
    annotation: Any = field.annotation if field is not None else None
    parts = (annotation, *getattr(annotation, "__args__", ()))
    return next((one for one in parts if isinstance(one, type) and issubclass(one, BaseModel)), None)
