"""The settings of a line as a person sends them: checked by what checks the file, refused in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from callcenter.administration.problems import choose_one, problem_words
from callcenter.administration.values import too_long
from callcenter.administration.writing import NOT_ACCEPTED
from callcenter.errors import InvalidError
from callcenter.text import N_
from hardware.settings import OPTIONS, DriverName, LineSettings

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
    elif isinstance(driver, str):
        # Also those that only the file can have are drivers; what is offered are the others.
        wrong["driver"] = choose_one(INTERFACE_DRIVERS)
    try:
        settings = LineSettings.model_validate({name: value for name, value in values.items() if name not in wrong})
    except ValidationError as error:
        raise InvalidError(NOT_ACCEPTED, problem_words(error, LineSettings) | wrong) from None
    if len(settings.group) > LONGEST_GROUP:
        wrong["group"] = too_long(LONGEST_GROUP)
    if wrong:
        raise InvalidError(NOT_ACCEPTED, wrong)
    return settings


def kept(settings: LineSettings) -> dict[str, Any]:
    """What is written down of ``settings``: what differs from the defaults, as JSON data."""
    return settings.model_dump(mode="json", exclude_defaults=True)
