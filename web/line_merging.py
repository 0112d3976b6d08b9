"""Two people at the form of one line: its fields as browsers send them, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from callcenter.telephony.line_options import ARRANGED, INTERFACE_DRIVERS
from hardware.settings import OPTIONS
from web.line_words import DRIVER_WORDS, LABELS, shown_option
from web.merging import FormField, Say
from web.words import yes_no

_OPTIONS = tuple(dict.fromkeys(name for driver in INTERFACE_DRIVERS for name in OPTIONS[driver]))
_NAMES = (*ARRANGED, "driver", "port", *_OPTIONS, "trace")


def sent_fields(values: Mapping[str, Any]) -> dict[str, str]:
    """What a browser sends of a form with ``values``, whatever the device: of another, an option has its default."""
    return {name: _sent(name, values) for name in _NAMES}


def form_fields(say: Say) -> list[FormField]:
    """Every field, in the order in which they stand."""
    return [FormField(name, say(LABELS[name]), partial(_words, say, name)) for name in _NAMES]


def _sent(name: str, values: Mapping[str, Any]) -> str:
    if name == "trace":
        return "true" if values.get(name) else ""
    return shown_option(name, values) if name in _OPTIONS else str(values.get(name) or "")


def _words(say: Say, name: str, value: str) -> str:
    match name:
        case "driver":
            return say(DRIVER_WORDS.get(value, value))
        case "trace":
            return yes_no(value, say)
        case _:
            return value
