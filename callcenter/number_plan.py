"""How digits are read as a number: the numbering plan of China, and numbers from abroad.

What comes in is text as people and machines write it; see ``callcenter.numbers`` for what comes out.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumberFormat, geocoder

HOME = "CN"
HOME_CODE = phonenumbers.country_code_for_region(HOME)
MAX_DIGITS = 32
"""More than any network carries; what is longer is cut, so that it fits the column."""
CACHE_SIZE = 8192


class NumberKind(StrEnum):
    """What sort of number it is."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    SERVICE = "service"
    EXTENSION = "extension"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True)
class CanonicalNumber:
    """A number in canonical form. ``dialable`` is what to dial for it from this hospital's lines."""

    number: str
    kind: NumberKind
    dialable: str

    @property
    def region(self) -> str:
        """Where the number belongs, in Chinese; empty when that is not known."""
        return region_of(self.number, "zh")

    @property
    def region_en(self) -> str:
        """Where the number belongs, in English; empty when that is not known."""
        return region_of(self.number, "en")


def region_of(number: str, language: str) -> str:
    """Province and city of a canonical home number, country of a foreign one, in ``zh`` or ``en``; else empty."""
    if is_home_mobile(number):
        # Mobiles are given to places by their first seven digits: one look serves all that begin so.
        return _region(number[:_MOBILE_PLACE] + "0000", language)
    return _region(number, language)


def is_home_mobile(number: str) -> bool:
    """Whether a canonical number is a mobile of home, without an extension."""
    return number.startswith(_HOME_PREFIX) and MOBILE.fullmatch(number, len(_HOME_PREFIX)) is not None


@lru_cache(maxsize=CACHE_SIZE)
def _region(number: str, language: str) -> str:
    parsed = parsed_number(number.partition(";")[0]) if number.startswith("+") else None
    if parsed is None:
        return ""
    name = geocoder.description_for_number(parsed, language)
    if parsed.country_code == HOME_CODE and name == geocoder.country_name_for_number(parsed, language):
        return ""
    return name


@lru_cache(maxsize=CACHE_SIZE)
def parsed_number(number: str) -> phonenumbers.PhoneNumber | None:
    """``number`` as the library sees it, or None when it is none. It is shared: not to be changed."""
    try:
        return phonenumbers.parse(number, HOME)
    except phonenumbers.NumberParseException:
        return None


ABSENT = CanonicalNumber("", NumberKind.ABSENT, "")

_EXTENSION_WORD = re.compile(
    r"^(.*?\d[^\d]*?)(?:转|轉|分机号?|分機|内线|;\s*ext\s*=|extension|extn?\.?|x|#|,+|;)\s*[:.]?\s*(\d{1,8})\s*$",
    re.IGNORECASE | re.DOTALL,
)
_EXTENSION_DASH = re.compile(r"^(.*\d)\s*-\s*(\d{1,6})\s*$", re.DOTALL)

# Carriers' prefixes for cheap long-distance calls, which some handsets and exchanges put before the number.
_CARRIER_PREFIX = re.compile(r"^(?:179[0-9]{2}|12593|11808|10193|193)(?=\d{7})")
MOBILE = re.compile(r"1[3-9]\d{9}")
_HOME_PREFIX = f"+{HOME_CODE}"
_MOBILE_PLACE = len(_HOME_PREFIX) + 7
_LANDLINE = re.compile(r"(?:10|2\d)\d{7,8}|[3-9]\d{2}\d{7,8}")
# A spreadsheet ate the leading 0.
_LANDLINE_WITHOUT_ZERO = re.compile(r"(?:10|2\d)[2-8]\d{7}|[3-9]\d{2}[2-8]\d{6,7}")
_LOCAL = re.compile(r"[2-8]\d{6,7}")
_TOLL_FREE = re.compile(r"[48]00\d{7}")
_SERVICE = re.compile(r"1[12]\d|1(?:00|01|06|1[0-9]|2[0-9]|8[0-9])\d{2,3}|106[5-9]\d{8,16}|9[56]\d{3,4}")
_HOUSE = re.compile(r"\d{1,6}")

_MAY_HAVE_EXTENSIONS = frozenset({NumberKind.LANDLINE, NumberKind.SERVICE, NumberKind.FOREIGN, NumberKind.MOBILE})


def plain_text(raw: str, *, keep_controls: bool = False) -> str:
    """Full-width and other digits and signs as ASCII; invisible characters gone unless they are to be refused."""
    text = unicodedata.normalize("NFKC", raw).strip(" \t")
    kept = text if keep_controls else "".join(char for char in text if unicodedata.category(char)[0] != "C")
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in kept)


def digits_of(text: str) -> str:
    """The ASCII digits of ``text``."""
    return "".join(char for char in text if char in "0123456789")


def typed_digits(text: str) -> str:
    """The digits of what somebody typed to look for a number, be they full-width."""
    return digits_of(plain_text(text))


def known_mobile(raw: str) -> CanonicalNumber | None:
    """``raw`` if it is a canonical mobile of home already, as it stands in the database; None for all else."""
    return _mobile(raw[len(_HOME_PREFIX) :]) if raw.isascii() and is_home_mobile(raw) else None


def read_number(text: str, area: str) -> CanonicalNumber:
    """``text``, plain, as one number, with an extension or the first of several; ``area`` has no 0 before it."""
    if not digits_of(text):
        return ABSENT
    if (extended := _with_extension(_EXTENSION_WORD, text, area)) is not None:
        return extended
    whole = _read(text, area)
    if whole.kind is not NumberKind.UNKNOWN:
        return whole
    return _with_extension(_EXTENSION_DASH, text, area) or _first_of_several(text, area) or whole


def _read(text: str, area: str) -> CanonicalNumber:
    """``text`` as one number without extension."""
    digits = digits_of(text)[:MAX_DIGITS]
    if text.lstrip(" (").startswith("+"):
        return _international(digits, area)
    if digits.startswith("00") and len(digits) > 7:
        return _international(digits[2:], area)
    stripped = _CARRIER_PREFIX.sub("", digits)
    for candidate in dict.fromkeys((digits, stripped)):
        found = _national(candidate, area)
        if found is not None:
            return found
    return CanonicalNumber(digits, NumberKind.UNKNOWN, digits)


def _international(digits: str, area: str) -> CanonicalNumber:
    home = str(HOME_CODE)
    if digits.startswith(home):
        rest = digits[len(home) :]
        found = _national(rest, area) or _national("0" + rest, area)
        if found is not None and found.kind is not NumberKind.EXTENSION:
            return found
    parsed = parsed_number("+" + digits)
    if parsed is not None and parsed.country_code != HOME_CODE and phonenumbers.is_possible_number(parsed):
        number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
        return CanonicalNumber(number, NumberKind.FOREIGN, "00" + number[1:])
    number = "+" + digits
    return CanonicalNumber(number, NumberKind.UNKNOWN, "00" + digits)


def _national(digits: str, area: str) -> CanonicalNumber | None:
    """``digits`` in the national numbering plan, or None when they do not fit it."""
    if _SERVICE.fullmatch(digits) or _TOLL_FREE.fullmatch(digits):
        return CanonicalNumber(digits, NumberKind.SERVICE, digits)
    for candidate in _without_prefixes(digits):
        if MOBILE.fullmatch(candidate):
            return _mobile(candidate)
        if _TOLL_FREE.fullmatch(candidate):
            return CanonicalNumber(candidate, NumberKind.SERVICE, candidate)
    return _landline(digits, area) or _short(digits)


def _mobile(digits: str) -> CanonicalNumber:
    return CanonicalNumber(f"+{HOME_CODE}{digits}", NumberKind.MOBILE, digits)


def _without_prefixes(digits: str) -> list[str]:
    """``digits``, and without a trunk or country prefix: 0, 86, 086."""
    return [digits, *(digits[len(prefix) :] for prefix in ("086", "86", "0") if digits.startswith(prefix))]


def _landline(digits: str, area: str) -> CanonicalNumber | None:
    if digits.startswith("086") and _LANDLINE.fullmatch(digits[3:].removeprefix("0")):
        national = digits[3:].removeprefix("0")
    elif digits.startswith("0") and _LANDLINE.fullmatch(digits[1:]):
        national = digits[1:]
    elif digits.startswith("86") and len(digits) >= 11 and _LANDLINE.fullmatch(digits[2:].removeprefix("0")):
        national = digits[2:].removeprefix("0")
    elif _LANDLINE_WITHOUT_ZERO.fullmatch(digits):
        national = digits
    elif area and _LOCAL.fullmatch(digits):
        national = area + digits
    else:
        return None
    local = area and national.startswith(area) and _LOCAL.fullmatch(national[len(area) :])
    dialable = national[len(area) :] if local else "0" + national
    return CanonicalNumber(f"+{HOME_CODE}{national}", NumberKind.LANDLINE, dialable)


def _short(digits: str) -> CanonicalNumber | None:
    if _LOCAL.fullmatch(digits):
        return CanonicalNumber(digits, NumberKind.LANDLINE, digits)
    if _HOUSE.fullmatch(digits):
        return CanonicalNumber(digits, NumberKind.EXTENSION, digits)
    return None


def split_extension(text: str) -> tuple[str, str]:
    """``text`` without an extension that is named by a word or sign, and that extension."""
    match = _EXTENSION_WORD.match(text)
    return (match[1].strip(), match[2]) if match else (text, "")


def _with_extension(pattern: re.Pattern[str], text: str, area: str) -> CanonicalNumber | None:
    match = pattern.match(text)
    if match is None:
        return None
    base = _read(match[1], area)
    if base.kind not in _MAY_HAVE_EXTENSIONS:
        return None
    # Three pauses: a switchboard needs some seconds before it takes the extension.
    return CanonicalNumber(f"{base.number};ext={match[2]}", base.kind, f"{base.dialable},,,{match[2]}")


def _first_of_several(text: str, area: str) -> CanonicalNumber | None:
    """Two numbers in one field, ``13800138000/13900139000``: the first that can be read."""
    for part in re.split(r"[/、,;|或]+|\s{1,}", text):
        found = _read(part, area) if part and part != text else ABSENT
        if found.kind in (NumberKind.LANDLINE, NumberKind.FOREIGN, NumberKind.MOBILE):
            return found
    return None
