"""Phone numbers: one canonical form for whatever a line, a person or a spreadsheet wrote.

A canonical number is one of

- ``+8613800138000``, ``+861062345678``, ``+12125550100``: E.164,
- the same followed by ``;ext=801``: an extension behind a switchboard,
- plain digits: a service number (``10086``, ``95588``, ``4008001234``), an extension of the house (``8001``), or
  digits of which nothing better is known,
- empty: there is no number.

China is the home country. Nothing here raises on any text; what must not be dialled is refused by ``dialling``.
Results are cached: the same callers come again.
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat

from callcenter.number_plan import (
    CACHE_SIZE,
    HOME_CODE,
    MAX_DIGITS,
    MOBILE,
    CanonicalNumber,
    NumberKind,
    digits_of,
    is_home_mobile,
    known_mobile,
    parsed_number,
    plain_text,
    read_number,
    region_of,
    split_extension,
)

__all__ = [
    "LONGEST",
    "MAX_DIGITS",
    "CanonicalNumber",
    "NumberKind",
    "digits_of",
    "format_number",
    "mask",
    "normalise",
    "parsed_number",
    "plain_text",
    "region_of",
    "split_extension",
    "warm_up",
]


LONGEST = 200
"""Characters of what is read as a number; what follows is no part of one."""


def normalise(raw: str, area_code: str = "") -> CanonicalNumber:
    """The canonical form of ``raw``. ``area_code`` (``010``, ``0755``) completes local numbers. Never raises."""
    # A line of an uploaded list may have a hundred thousand characters, and what was asked for is kept.
    return _normalised(raw if len(raw) <= LONGEST else raw[:LONGEST], area_code)


@lru_cache(maxsize=CACHE_SIZE)
def _normalised(raw: str, area_code: str) -> CanonicalNumber:
    return known_mobile(raw) or read_number(plain_text(raw), digits_of(area_code).lstrip("0"))


def mask(number: str) -> str:
    """``number`` with its middle hidden: ``138****8000``. Service numbers and extensions identify nobody."""
    canonical = normalise(number)
    if canonical.kind in (NumberKind.SERVICE, NumberKind.EXTENSION, NumberKind.ABSENT):
        return canonical.number
    digits = _people_digits(canonical.number)
    head = 0 if len(digits) < 10 else 3
    return f"{digits[:head]}****{digits[-4:]}"


@lru_cache(maxsize=CACHE_SIZE)
def format_number(number: str) -> str:
    """``number`` as people write it: ``138 0013 8000``, ``010 6234 5678-801``, ``+1 212-555-0100``."""
    if is_home_mobile(number):
        return f"{number[3:6]} {number[6:10]} {number[10:]}"
    base, _, extension = number.partition(";ext=")
    parsed = parsed_number(base) if base.startswith("+") else None
    if parsed is None:
        return number
    home = parsed.country_code == HOME_CODE
    style = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
    text = phonenumbers.format_number(parsed, style)
    return f"{text}-{extension}" if extension else text


def warm_up() -> None:
    """Load the number tables (about a tenth of a second); to be called once, off the reactor's thread."""
    for number in ("+8613800138000", "+861062345678"):
        normalise(number)
        region_of(number, "zh")
        region_of(number, "en")


def _people_digits(number: str) -> str:
    """Digits as people at home read them: without the country code of home, with the trunk 0 of landlines."""
    base = number.partition(";")[0]
    if not base.startswith(f"+{HOME_CODE}"):
        return base
    national = base[1 + len(str(HOME_CODE)) :]
    return national if MOBILE.fullmatch(national) else "0" + national
