"""How a phone number, an id document and a text that holds some are hidden, and how a hidden text is read back."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from callcenter.numbers import mask

HIDDEN = "*"
"""Stands for what is hidden. No stored number or id document contains one; a text may."""


def mask_number(number: Any) -> Any:
    """A phone number with its middle hidden; what is no text, empty or hidden already stays as it is."""
    if not number or type(number) is not str or HIDDEN in number:
        return number
    return mask(number)


def mask_document(document: Any) -> Any:
    """An id document's number with its first and last three or four signs: the date of birth is in the middle."""
    if not document or type(document) is not str or HIDDEN in document:
        return document
    if len(document) < 10:
        return HIDDEN * 4 + document[-2:]
    return f"{document[:3]}{HIDDEN * 4}{document[-4:]}"


def mask_text(text: Any) -> Any:
    """A text with every id number and phone number in it hidden; everything else, and what is no text, as it is."""
    if not text or type(text) is not str:
        return text
    shown, end = [], 0
    for start, stop, hidden in _found(text):
        shown += [text[end:start], hidden]
        end = stop
    return "".join(shown) + text[end:]


def restore_text(typed: str, present: str) -> str:
    """``typed`` by somebody who was shown ``mask_text(present)``, with the masks that were shown undone.

    Each mask stands for the number of ``present`` that it was made from, where several look alike the first for the
    first. Masks that were not shown are text like any other.
    """
    behind: dict[str, list[str]] = defaultdict(list)
    end = 0
    for start, stop, hidden in _found(present):
        # What looks like a mask and was typed as such stands for itself.
        for typed_so in _SHOWN.findall(present, end, start):
            behind[typed_so].append(typed_so)
        behind[hidden].append(present[start:stop])
        end = stop

    def original(match: re.Match[str]) -> str:
        left = behind.get(match[0])
        return left.pop(0) if left else match[0]

    return _SHOWN.sub(original, typed)


# A number in a text as it is shown; the + of a foreign one stays outside.
_SHOWN = re.compile(r"\d{0,3}\*{4}[\dXx]{4}")

# What a person reads as one number: not a part of a longer one, nor what an earlier mask left over.
_ALONE = r"(?<![\d*])(?:{})(?![\d*])"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"

# Chinese id numbers, 18 signs (GB 11643-1999) or the 15 digits before that: region, date of birth, serial, check.
_DOCUMENT = rf"[1-9]\d{{5}} ?(?:18|19|20)\d\d{_DAY} ?\d{{3}}[\dXx]|[1-9]\d{{7}}{_DAY}\d{{3}}"
_MOBILE = r"(?:(?:\+|00?)?86[ -]?|0|179\d\d|12593)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}"
_LANDLINE = r"\(?(?:010|02\d|0[3-9]\d\d)\)?[ -]?[2-8]\d{2,3}[ -]?\d{4}"
_FOREIGN = r"(?<=\+)[1-9](?:[ -]?\d){6,14}|00[1-9](?:[ -]?\d){8,14}"
# Without an area code it could be anything: no part of a record number or an amount, and no date.
_LOCAL = r"(?<![A-Za-z_./¥$-])[2-8]\d{6,7}(?!\.\d|[/_-]| ?[A-Za-z%元块万亿单国个])"
_NUMBER = re.compile(
    "|".join(
        f"(?P<{name}>{_ALONE.format(pattern)})"
        for name, pattern in (
            ("document", _DOCUMENT), ("mobile", _MOBILE), ("foreign", _FOREIGN), ("landline", _LANDLINE),
            ("local", _LOCAL),
        )
    )
)  # fmt: skip
_RECORD_WORD = re.compile(
    r"(?:住院|病历|病案|门诊|登记|档案|就诊|检查|标本|影像|发票|医保|社保|床|编|单|流水|批)号码?[是为]?[ :]*\Z"
)
_WORD_LENGTH = 12
_MASKS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "document": lambda text: str(mask_document(text.replace(" ", ""))),
        "foreign": lambda text: mask(text if text.startswith("00") else f"+{text}").removeprefix("+"),
    }
)
_SIGNS = str.maketrans("－—–‐　（）：￥．＋／＊", "---- ():¥.+/*")


def _found(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the numbers of ``text`` begin and end, and how each is shown."""
    if not any(map(str.isdecimal, text)):
        return
    plain = _plain(text)
    for match in _NUMBER.finditer(plain):
        kind = str(match.lastgroup)
        if kind == "local" and (
            _is_date(match[0]) or _RECORD_WORD.search(plain, max(0, match.start() - _WORD_LENGTH), match.start())
        ):
            continue
        hidden = _MASKS.get(kind, mask)(match[0])
        # A service number with its country code identifies nobody.
        if HIDDEN in hidden:
            yield match.start(), match.end(), hidden


def _plain(text: str) -> str:
    """``text`` sign by sign with the digits and signs of ASCII."""
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text.translate(_SIGNS))


def _is_date(digits: str) -> bool:
    try:
        return len(digits) == 8 and date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year < 2100
    except ValueError:
        return False
