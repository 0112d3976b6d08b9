"""Moments and spans as PDUs write them (3GPP TS 23.040, sections 9.2.3.11 and 9.2.3.12.1)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from protocols.gsm_modem.messages import PduError
from protocols.gsm_modem.octets import Octets

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800
_FIRST_OF_LAST_CENTURY = 90
_NEGATIVE = 0x08


def encode_time(at: datetime) -> bytes:
    """Seven octets for ``at``, whose zone is a multiple of 15 minutes; ``PduError`` if they cannot say it."""
    offset = at.utcoffset()
    if offset is None or not 1990 <= at.year < 2090:
        raise PduError(f"cannot be written as a time: {at}")
    quarters, rest = divmod(abs(offset), timedelta(minutes=15))
    if rest or quarters > 79:
        raise PduError(f"cannot be written as a zone: {offset}")
    fields = (at.year % 100, at.month, at.day, at.hour, at.minute, at.second)
    zone = _swapped(quarters) | (_NEGATIVE if offset < timedelta(0) else 0)
    return bytes([*map(_swapped, fields), zone])


def decode_time(octets: Octets) -> datetime | None:
    """The seven octets that come next; None if they name no moment, as service centres without a clock send."""
    *fields, zone = octets.take(7)
    try:
        year, month, day, hour, minute, second = map(_number, fields)
        quarters = _number(zone & ~_NEGATIVE)
        offset = timedelta(minutes=-15 * quarters if zone & _NEGATIVE else 15 * quarters)
        century = 1900 if year >= _FIRST_OF_LAST_CENTURY else 2000
        return datetime(century + year, month, day, hour, minute, second, tzinfo=timezone(offset))
    except ValueError:
        return None


def encode_validity(seconds: float) -> int:
    """The longest relative validity period that is not over later than ``seconds`` from now; five minutes at least."""
    if seconds < 12 * _HOUR + 30 * _MINUTE:
        return min(143, max(0, int(seconds // (5 * _MINUTE)) - 1))
    if seconds < 2 * _DAY:
        return min(167, 143 + int((seconds - 12 * _HOUR) // (30 * _MINUTE)))
    if seconds < 5 * _WEEK:
        return min(196, 166 + int(seconds // _DAY))
    return min(255, 192 + int(seconds // _WEEK))


def decode_validity(value: int) -> float:
    """The span in seconds of a relative validity period."""
    if value <= 143:
        return (value + 1) * 5.0 * _MINUTE
    if value <= 167:
        return 12.0 * _HOUR + (value - 143) * 30 * _MINUTE
    if value <= 196:
        return (value - 166) * float(_DAY)
    return (value - 192) * float(_WEEK)


def _swapped(number: int) -> int:
    return number % 10 << 4 | number // 10


def _number(octet: int) -> int:
    tens, ones = octet & 0x0F, octet >> 4
    if tens > 9 or ones > 9:
        raise ValueError(octet)
    return 10 * tens + ones
