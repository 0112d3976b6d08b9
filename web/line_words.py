"""Device families and plugged-in devices as people choose between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from callcenter.telephony.fields import LINE_FIELDS
from callcenter.telephony.line_options import INTERFACE_DRIVERS
from callcenter.text import N_, translated
from hardware.discovery import Discovery
from hardware.settings import OPTIONS, STANDARD_BAUD_RATES, DriverName
from protocols.hayes.profiles import profile_names

LABELS: Mapping[str, str] = MappingProxyType({one.name: one.label for one in LINE_FIELDS})
DRIVER_WORDS: Mapping[str, str] = MappingProxyType(
    dict(next(one.choices for one in LINE_FIELDS if one.name == "driver"))
)

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "hayes": N_("Sees rings, caller id and handset; answers, dials and hangs up."),
        "fsk": N_("Sees who calls, and nothing else."),
        "whozz": N_("Several lines; sees rings, caller id and calls dialled by hand."),
        "netcallerid": N_("Sees who calls, and nothing else."),
        "tci": N_("One or several lines; sees who calls."),
        "tp_hid": N_("Sees rings, caller id and handset; answers, dials and hangs up."),
        "ubox": N_("By its vendor’s service, several lines."),
    }
)
"""What each device family does, in a few words."""

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "hayes": "/dev/serial/by-id/… · usb:0baf:0303 · tcp://192.168.1.20:4001",
        "fsk": "/dev/serial/by-id/… · tcp://192.168.1.20:4001",
        "whozz": "udp://0.0.0.0:3520/*/01",
        "netcallerid": "/dev/serial/by-id/… · tcp://192.168.1.20:4001",
        "tci": "/dev/serial/by-id/…#02",
        "tp_hid": "hid:04d9:a0c1",
        "ubox": "ws://127.0.0.1:8054/ws#1",
    }
)
"""What the port of each may look like."""

HINTS: Mapping[str, str] = MappingProxyType(
    {
        "profile": N_("“auto” asks the modem."),
        "baud": N_("Empty: what the device usually has. Without effect on tcp://."),
        "ring_timeout": N_("Without a ring for so long, ringing has stopped. Empty: what is right for the device."),
        "numberless_alarm_after": N_("So many calls in a row without a number mean that the device may be stuck."),
        "dial_prefix": N_("Dialled before every number, such as 9, for an outside line."),
        "international_prefix": N_("Dialled in place of the + of a foreign number."),
        "headset": N_("Its button answers and hangs up: hid:VID:PID. Empty: none."),
    }
)

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"profile": tuple(profile_names()), "baud": ("", *map(str, STANDARD_BAUD_RATES))}
)
"""Options that are chosen, not typed."""

_GUESSED = re.compile(r"driver ([a-z_]+)")


def drivers(say: Callable[[str], str]) -> list[dict[str, Any]]:
    """The device families of lines that can be added."""
    return [
        {"driver": one.value, "label": say(DRIVER_WORDS[one]), "options": [*OPTIONS[one]]} for one in INTERFACE_DRIVERS
    ]


def driver_cards(say: Callable[[str], str]) -> list[dict[str, str]]:
    """The same, with what each does."""
    return [
        {"driver": one.value, "label": say(DRIVER_WORDS[one]), "about": say(ABOUT[one])} for one in INTERFACE_DRIVERS
    ]


def option_inputs(
    driver: str, values: Mapping[str, Any], errors: Mapping[str, str], say: Callable[[str], str]
) -> list[dict[str, Any]]:
    """The inputs for what a device of ``driver`` has of its own."""
    return [
        {
            "name": name,
            "label": say(LABELS[name]),
            "hint": say(HINTS[name]),
            "value": shown_option(name, values),
            "choices": CHOICES.get(name, ()),
            "error": errors.get(name, ""),
        }
        for name in OPTIONS[DriverName(driver)]
    ]


_SHOWN_DEFAULTS = {"profile": "auto", "numberless_alarm_after": "5", "international_prefix": "00"}


def shown_option(name: str, values: Mapping[str, Any]) -> str:
    """The option of a device as it stands in its input; what is not set is its default."""
    value = values.get(name)
    return _SHOWN_DEFAULTS.get(name, "") if value is None else str(value).removesuffix(".0")


def port_suggestions(found: Discovery, say: Callable[[str], str]) -> list[dict[str, str]]:
    """The devices that are plugged in, with the driver that each is guessed to need where one is."""
    return [
        {
            "bus": device.kind.value,
            "port": device.port,
            "path": device.path,
            "description": translated(say, device.description),
            "might_be": translated(say, device.might_be),
            "driver": match[1] if (match := _GUESSED.search(device.might_be)) else "",
        }
        for device in found.devices
    ]
