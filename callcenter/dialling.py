"""What may be sent to an exchange: numbers that people type, made harmless or refused."""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import PhoneNumberType

from callcenter.errors import InvalidError
from callcenter.numbers import (
    MAX_DIGITS,
    CanonicalNumber,
    NumberKind,
    digits_of,
    normalise,
    parsed_number,
    plain_text,
    split_extension,
)
from callcenter.text import N_, Text

_DIALLED = re.compile(r"\+?[\d*#, ().\-–—/]+")
_PREMIUM = re.compile(r"(?:0\d{2,3})?16[08]\d{3,5}")


def dial_string(raw: str, area_code: str = "") -> str:
    """What to send to the exchange for ``raw``: 1 to 32 of ``0-9 * # ,``.

    Raises ``InvalidError`` for anything that is no plain number: control characters and command separators, codes
    that begin with ``*`` or ``#`` (they reprogram the line), premium-rate numbers, and numbers that are too long.
    """
    text = plain_text(raw, keep_controls=True)
    base, _ = split_extension(text)
    pressed = re.sub(r"[^\d*#,]", "", base)
    if not _DIALLED.fullmatch(base) or not digits_of(base):
        raise _refused(N_("A number consists of digits, with blanks, dashes and brackets between them."))
    if pressed.startswith(("*", "#", ",")):
        raise _refused(N_("Codes that begin with * or # change the settings of the line and are not dialled."))
    canonical = normalise(text, area_code)
    if _is_premium(canonical) or any(_is_premium(normalise(part, area_code)) for part in re.split("[*#,]", text)):
        raise _refused(N_("This is a premium-rate number."))
    if ";ext=" not in canonical.number and any(char in text for char in "*#,"):
        # Pauses and tones were typed on purpose: 9 for an outside line, the choices of a menu.
        return _within_length(re.sub(r"[^\d*#,]", "", text))
    if len(digits_of(text)) > MAX_DIGITS:
        raise _too_long()
    return _within_length(canonical.dialable)


def _is_premium(canonical: CanonicalNumber) -> bool:
    if canonical.kind is NumberKind.MOBILE:
        return False
    if _PREMIUM.fullmatch(canonical.dialable.partition(",")[0]):
        return True
    parsed = parsed_number(canonical.number.partition(";")[0])
    return parsed is not None and phonenumbers.number_type(parsed) == PhoneNumberType.PREMIUM_RATE


def _within_length(dialled: str) -> str:
    if not 1 <= len(dialled) <= MAX_DIGITS:
        raise _too_long()
    return dialled


def _too_long() -> InvalidError:
    return _refused(Text(N_("A number has 1 to {most} digits."), most=MAX_DIGITS))


def _refused(message: str) -> InvalidError:
    return InvalidError(message, {"number": message})
