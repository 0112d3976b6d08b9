"""How many places of the storage are taken (AT+CPMS?, 3GPP TS 27.005, section 3.2.2)."""

from __future__ import annotations

import re

from protocols.gsm_modem.context import Context
from protocols.gsm_modem.dialogue import Reply, Script, command, value_of
from protocols.gsm_modem.settings import GsmTimings
from protocols.sms import StorageTold

_NEVER = float("inf")
_MEMORY = re.compile(r'"[A-Z]{2}", ?(\d{1,5}), ?(\d{1,5})')
_READ_FROM, _RECEIVED_IN = 0, 2
"""Of the three memories: where messages are read and deleted, and where those that come in are kept."""


class Stock:
    """Counted a while after the storage was looked through, when what could be deleted is; while it is full, after each
    deletion too. Told the first time, and when it is news.
    """

    def __init__(self, timings: GsmTimings, context: Context) -> None:
        self._timings = timings
        self._context = context
        self._told: StorageTold | None = None
        self._at = _NEVER

    def begin(self) -> None:
        """The modem is set up anew: it is looked through, and counted after that."""
        self._at = _NEVER

    def swept(self) -> None:
        """It was looked through."""
        self._at = self._context.now + self._timings.count

    def deleted(self) -> None:
        """There may be a place again."""
        if self._told is not None and self._told.is_full:
            self._at = self._context.now

    def due(self) -> float:
        """When it is to be counted."""
        return self._at

    def ask(self) -> Script:
        """Count."""
        self._at = _NEVER
        told = _counted((yield command("AT+CPMS?", self._timings.command)))
        if told is not None and self._is_news(told):
            self._told = told
            self._context.report(told)

    def _is_news(self, told: StorageTold) -> bool:
        if self._told is None or told.is_full != self._told.is_full:
            return True
        return told.is_full and told != self._told


def _counted(reply: Reply) -> StorageTold | None:
    """The fuller of the two memories; None if the modem does not say."""
    found = [StorageTold(int(used), int(size)) for used, size in _MEMORY.findall(value_of(reply, "CPMS") or "")]
    known = [one for place, one in enumerate(found) if place in (_READ_FROM, _RECEIVED_IN) and one.size]
    return min(known, key=lambda one: one.size - one.used, default=None)
