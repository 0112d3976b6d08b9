"""Times of the day in rules: ``HH:MM`` on the clock on the wall."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from callcenter.text import N_

MIDNIGHT, END_OF_DAY = "00:00", "24:00"
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def minutes_of(text: str) -> int:
    """How many minutes after midnight a clock shows ``text``."""
    return int(text[:2]) * 60 + int(text[3:])


def _on_a_clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError(N_("Write hours and minutes, such as 08:00."))
    return text


def _of_a_day(text: str) -> str:
    return text if text == END_OF_DAY else _on_a_clock(text)


ClockTime = Annotated[str, Field(min_length=1), AfterValidator(_on_a_clock)]
"""What a clock shows, from 00:00 to 23:59."""
TimeOfDay = Annotated[str, Field(min_length=1), AfterValidator(_of_a_day)]
"""The same, and ``END_OF_DAY``."""
