"""What the accounts of CMPP and SMPP gateways have in common: how numbers and times are written."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from protocols.pdu_frames import PduError

_CANONICAL = re.compile(r"\+?[0-9]{1,20}")
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?")
_LONGEST_VALIDITY = 63 * 86400


class NumberForm(enum.StrEnum):
    """How a gateway wants the numbers of phones."""

    NATIONAL = "national"
    """``13800138000``; numbers of other countries with their code and no sign."""
    INTERNATIONAL = "international"
    """``8613800138000``."""
    PLUS = "plus"
    """``+8613800138000``."""


class Validity(enum.StrEnum):
    """How the gateway is told when to give up."""

    RELATIVE = "relative"
    ABSOLUTE = "absolute"
    NONE = "none"


@dataclass(frozen=True)
class Writing:
    """How numbers and times are written to one gateway.

    ``utc_offset`` is that of the gateway's clock, in hours, for the times it writes without one; ``country`` is what
    national numbers lack.
    """

    numbers: NumberForm = NumberForm.NATIONAL
    country: str = "86"
    validity: Validity = Validity.ABSOLUTE
    utc_offset: float = 8.0

    def number(self, number: str) -> bytes:
        """A canonical number for the wire; ``PduError`` if it is none."""
        if not _CANONICAL.fullmatch(number):
            raise PduError("the number is no number")
        digits = number.removeprefix("+")
        match self.numbers:
            case NumberForm.NATIONAL:
                digits = digits.removeprefix(self.country) if number.startswith("+") else digits
            case NumberForm.PLUS:
                digits = "+" + digits
            case NumberForm.INTERNATIONAL:
                pass
        return digits.encode()

    def valid_for(self, seconds: float, at: datetime) -> bytes:
        """``validity_period`` and ``ValId_Time`` (SMPP 3.4, section 7.1.1): ``YYMMDDhhmmsstnnp``; ``at`` is now."""
        seconds = min(max(1.0, seconds), _LONGEST_VALIDITY)
        match self.validity:
            case Validity.NONE:
                return b""
            case Validity.RELATIVE:
                minutes, second = divmod(int(seconds), 60)
                hours, minute = divmod(minutes, 60)
                months, days = divmod(hours // 24, 30)
                return b"00%02d%02d%02d%02d%02d000R" % (months, days, hours % 24, minute, second)
            case Validity.ABSOLUTE:
                local = (at.astimezone(UTC) + timedelta(seconds=seconds, hours=self.utc_offset)).strftime
                quarters = round(self.utc_offset * 4)
                return local("%y%m%d%H%M%S0").encode() + b"%02d%b" % (abs(quarters), b"-" if quarters < 0 else b"+")

    def when(self, text: str) -> datetime | None:
        """``YYMMDDhhmm`` or ``YYMMDDhhmmss`` by the gateway's clock, in UTC; None if it is neither."""
        return _when(text, self.utc_offset)


@lru_cache(maxsize=256)
def _when(text: str, utc_offset: float) -> datetime | None:
    # Thousands of receipts tell the same minute.
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        local = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
        return local - timedelta(hours=utc_offset)
    except (ValueError, OverflowError):
        return None


class ValidityCache:
    """Writes the same validity once a second."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._second: datetime | None = None
        self._written: dict[float, bytes] = {}

    def of(self, seconds: float, at: datetime) -> bytes:
        """See ``Writing.valid_for``; to the second."""
        second = at.replace(microsecond=0)
        if second != self._second or len(self._written) > 1000:
            self._second = second
            self._written.clear()
        found = self._written.get(seconds)
        if found is None:
            found = self._written[seconds] = self._writing.valid_for(seconds, second)
        return found
