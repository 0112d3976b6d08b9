"""The settings of a line as a person sends them: checked by what checks the file, refused in words for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from callcenter.administration.values import NEEDED, too_long
from callcenter.administration.writing import NOT_ACCEPTED
from callcenter.errors import InvalidError
from callcenter.text import N_, Text
from hardware.settings import OPTIONS, DriverName, LineSettings
from protocols.sayings import words_of

ARRANGED = ("name", "group", "bound_agent")
"""What can be said of any line, whatever its device and wherever it is set up."""

_OF_THE_FILE: Mapping[str, str] = MappingProxyType(
    {
        # The connection knows its lines before it is opened, and its secret stands in the file: its lines do too.
        DriverName.ASTERISK: N_("Lines on a PBX are set up in the configuration file, beside the PBX."),
        DriverName.LINE_HOST: N_("Lines of a line host are set up in the configuration file, here and at the host."),
    }
)
INTERFACE_DRIVERS = tuple(one for one in DriverName if one not in _OF_THE_FILE)
"""The device families of lines that are added in the interface."""

LONGEST_GROUP = 60

Settings = Mapping[str, Any]
"""Values by the names of ``LineSettings``, as JSON data; what is left out has its default."""


def fields_of(driver: DriverName) -> tuple[str, ...]:
    """What can be set on a line of ``driver``."""
    return (*ARRANGED, "driver", "port", *OPTIONS[driver], "trace")


def read_settings(values: Settings) -> LineSettings:
    """The settings that ``values`` are; raises InvalidError naming each field that is wrong and what is allowed."""
    wrong: dict[str, str] = {}
    driver = values.get("driver")
    if driver in _OF_THE_FILE:
        wrong["driver"] = _OF_THE_FILE[str(driver)]
    elif driver in list(INTERFACE_DRIVERS):
        wrong |= {name: N_("This device has no such setting.") for name in set(values) - set(fields_of(driver))}
    try:
        settings = LineSettings.model_validate({name: value for name, value in values.items() if name not in wrong})
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise InvalidError(NOT_ACCEPTED, {str(one["loc"][0]): _words(one) for one in found} | wrong) from None
    if len(settings.group) > LONGEST_GROUP:
        wrong["group"] = too_long(LONGEST_GROUP)
    if wrong:
        raise InvalidError(NOT_ACCEPTED, wrong)
    return settings


def kept(settings: LineSettings) -> dict[str, Any]:
    """What is written down of ``settings``: what differs from the defaults, as JSON data."""
    return settings.model_dump(mode="json", exclude_defaults=True)


def _from_to(context: Mapping[str, Any]) -> str:
    if "ge" in context:
        return Text(N_("At least {minimum}."), minimum=context["ge"])
    return Text(N_("At most {maximum}."), maximum=context["le"])


def _plain(text: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda _: text


_WORDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = MappingProxyType(
    {
        "value_error": lambda context: words_of(context["error"]),
        "enum": _plain(Text(N_("Choose one of: {choices}."), choices=", ".join(INTERFACE_DRIVERS))),
        "missing": _plain(NEEDED),
        "string_too_short": _plain(NEEDED),
        "string_too_long": lambda context: too_long(context["max_length"]),
        "string_type": _plain(N_("This must be text.")),
        "greater_than_equal": _from_to,
        "less_than_equal": _from_to,
        "int_parsing": _plain(N_("This must be a whole number.")),
        "int_type": _plain(N_("This must be a whole number.")),
        "int_from_float": _plain(N_("This must be a whole number.")),
        "float_parsing": _plain(N_("This must be a number.")),
        "float_type": _plain(N_("This must be a number.")),
        "finite_number": _plain(N_("This must be a number.")),
        "bool_parsing": _plain(N_("This must be yes or no.")),
        "bool_type": _plain(N_("This must be yes or no.")),
        "extra_forbidden": _plain(N_("There is no such field.")),
    }
)


def problem_words(error: ValidationError) -> dict[str, str]:
    """What is wrong with each field of settings that were refused, for people."""
    return {str((*one["loc"], "")[0]): _words(one) for one in error.errors(include_url=False)}


def _words(problem: Mapping[str, Any]) -> str:
    """What is wrong with one field, for people."""
    say = _WORDS.get(problem["type"], _plain(N_("This is not valid.")))
    return say(problem.get("ctx", {}))
