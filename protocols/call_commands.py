"""The commands of a session whose device can hold a call: checked, carried out at a given time, answered by actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from protocols.actions import Actions
from protocols.dial_strings import checked_digits, on_wire
from protocols.reports import Reports


class Commanded(Protocol):
    """The part of a session that holds the line's call. Arguments have been checked."""

    def dial(self, number: str) -> None:
        """Go off hook and dial."""
        ...

    def answer(self) -> None:
        """Take the ringing call."""
        ...

    def hang_up(self) -> None:
        """End the call, or stop dialling."""
        ...

    def send_digits(self, digits: str) -> None:
        """Send tones on the call."""
        ...


class Prefixes(Protocol):
    """What a line's settings say of dialling."""

    @property
    def dial_prefix(self) -> str:
        """Dialled before every number."""
        ...

    @property
    def international_prefix(self) -> str:
        """Dialled in place of a leading plus."""
        ...


class CallCommands:
    """Base of such sessions. A subclass gives ``_actions``: what the commands and news so far come to."""

    def __init__(self, reports: Reports, line: Commanded, prefixes: Prefixes) -> None:
        self.__reports = reports
        self.__line = line
        self.__prefixes = prefixes

    def _actions(self) -> Actions:
        raise NotImplementedError

    def dial(self, number: str, now: float) -> Actions:
        """Dial ``number``; ``ValueError`` unless ``dial_strings.checked_number`` takes it."""
        dialled = on_wire(number, self.__prefixes.dial_prefix, self.__prefixes.international_prefix)
        return self._command(now, lambda: self.__line.dial(dialled))

    def answer(self, now: float) -> Actions:
        """Take the ringing call."""
        return self._command(now, self.__line.answer)

    def hang_up(self, now: float) -> Actions:
        """End the call that the device holds, or stop dialling."""
        return self._command(now, self.__line.hang_up)

    def send_digits(self, digits: str, now: float) -> Actions:
        """Send tones; ``ValueError`` unless ``dial_strings.checked_digits`` takes them."""
        checked_digits(digits)
        return self._command(now, lambda: self.__line.send_digits(digits))

    def _command(self, now: float, action: Callable[[], None]) -> Actions:
        self.__reports.now = now
        action()
        return self._actions()
