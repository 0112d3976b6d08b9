"""From caller-id lines to one ``CallerIdentified``, whatever the network leaves out or mangles."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from protocols.hayes.messages import CallerIdField, CallerIdKey
from protocols.signals import AbsentReason, CallerIdentified

MAX_NUMBER = 40
"""Longest number passed on, in characters."""

# As sent by exchanges and rewritten by modem firmware; compared without case, blanks and hyphens.
_WORDS: dict[str, AbsentReason] = {
    **dict.fromkeys(
        ("P", "PRIVATE", "RESTRICTED", "PRIVDIROFF", "ANONYMOUS", "WITHHELD", "BLOCKED"), AbsentReason.PRIVATE
    ),
    **dict.fromkeys(("", "O", "OUTOFAREA", "UNAVAILABLE", "UNKNOWN", "NONUMBER", "S"), AbsentReason.UNAVAILABLE),
}
_SEPARATORS = re.compile(r"[\s._-]")
_ALL_ZEROS = re.compile(r"0{5,}")


def absent_reason(value: str) -> AbsentReason | None:
    """Why ``value`` is not a number or name, or None if it is one.

    >>> absent_reason("PrivDirOff")
    <AbsentReason.PRIVATE: 'private'>
    """
    return _WORDS.get(_SEPARATORS.sub("", value).upper())


def read_number(value: str) -> tuple[str, AbsentReason | None]:
    """Number as sent, or empty with the reason. Anything without a digit is no number."""
    reason = absent_reason(value)
    if reason is not None:
        return "", reason
    if _ALL_ZEROS.fullmatch(value) or not any(char in "0123456789" for char in value):
        return "", AbsentReason.UNAVAILABLE
    return value[:MAX_NUMBER].rstrip(), None


@dataclass(frozen=True)
class CallerId:
    """What is known so far about who calls on one call. ``number`` is None until the modem said anything."""

    number: str | None = None
    absent: AbsentReason | None = None
    name: str = ""
    verified: bool = True
    received: bool = False

    def with_field(self, message: CallerIdField) -> CallerId:
        """This caller id with one more line taken in."""
        if message.key is CallerIdKey.NUMBER:
            return self._with_number(message.value)
        if message.key is CallerIdKey.NAME:
            name = "" if absent_reason(message.value) else message.value
            return replace(self, name=name or self.name, received=True)
        # Date and time are the exchange's clock, a message line is about voice mail: neither tells who calls.
        return self

    def damaged(self) -> CallerId:
        """This caller id after the modem reported a wrong checksum."""
        return replace(self, verified=False, received=True)

    def _with_number(self, value: str) -> CallerId:
        number, absent = read_number(value)
        if self.number and not number:
            # Some exchanges send the number and then mask it; what was received is not unknown any more.
            return self
        return replace(self, number=number, absent=absent, received=True)

    def signal(self) -> CallerIdentified:
        """What the line reports about it."""
        return CallerIdentified(self.number or "", self.name, self.absent, self.verified)
