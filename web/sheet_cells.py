"""What stands in the cells of an export's columns: names, words for codes, and times, as whoever asks reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from web.exchange import Exchange
from web.words import CODES, word_of

Cell = Callable[[Mapping[str, Any]], str]


def local_time(value: str | None, zone: ZoneInfo) -> str:
    """A moment as the hospital's clock shows it, to the second; empty for none."""
    return "" if not value else datetime.fromisoformat(value).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Cells:
    """Makes the values of columns. ``words`` is field → code → word; ``say`` translates."""

    say: Callable[[str], str]
    zone: ZoneInfo
    words: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, exchange: Exchange, subject: str) -> Cells:
        """For exports of ``subject``, one of those that ``CODES`` has words for."""
        return cls(exchange.translate, exchange.settings.time_zone, CODES[subject])

    def named(self, name: str) -> Cell:
        """The name of what the field ``name`` refers to; empty for nothing."""
        return lambda one: (one[name] or {}).get("name", "")

    def word(self, name: str) -> Cell:
        """The word for the field's code."""
        return lambda one: word_of(self.words[name], str(one[name]), self.say)

    def time(self, name: str) -> Cell:
        """The field's moment by the hospital's clock; empty for none."""
        return lambda one: local_time(one[name], self.zone)
