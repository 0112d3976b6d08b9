"""The header before the words of a short message that is one part of a long text (3GPP TS 23.040, section 9.2.3.24)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHORT_REFERENCE = 0x00
_LONG_REFERENCE = 0x08
_HIDDEN = 4
_BEGINS = re.compile(rb"[0-9]{1,6}(?![0-9])"), re.compile(rb"(?:\x00[0-9]){1,6}(?!\x00[0-9])")
_ENDS = re.compile(rb"(?<![0-9])[0-9]{1,6}\Z"), re.compile(rb"(?<!\x00[0-9])(?:\x00[0-9]){1,6}\Z")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in its text: ``position`` of ``total``, joined by ``reference`` (0 to 65535)."""

    reference: int = 0
    position: int = 1
    total: int = 1


WHOLE = Place()


def place_header(reference: int, position: int, total: int, *, long_reference: bool = False) -> bytes:
    """The header of one part; with ``long_reference`` that has 16 bits (section 9.2.3.24.8)."""
    if long_reference:
        return bytes((6, _LONG_REFERENCE, 4, reference >> 8 & 0xFF, reference & 0xFF, total & 0xFF, position & 0xFF))
    return bytes((5, _SHORT_REFERENCE, 3, reference & 0xFF, total & 0xFF, position & 0xFF))


def split_header(data: bytes) -> tuple[Place, bytes]:
    """The place that a header at the begin of ``data`` tells, and what follows the header.

    Other elements are skipped. A header that is longer than ``data`` is none, and all of it are words; a place that
    cannot be, such as 3 of 2, is ignored as section 9.2.3.24.1 asks.
    """
    if not data or data[0] >= len(data):
        return WHOLE, data
    end = data[0] + 1
    place, at = WHOLE, 1
    while at + 2 <= end:
        kind, size = data[at], data[at + 1]
        value = data[at + 2 : min(at + 2 + size, end)]
        if kind == _SHORT_REFERENCE and size == 3 == len(value):
            place = checked_place(value[0], value[2], value[1]) or place
        elif kind == _LONG_REFERENCE and size == 4 == len(value):
            place = checked_place(value[0] << 8 | value[1], value[3], value[2]) or place
        at += 2 + size
    return place, data[end:]


def without_half_numbers(words: bytes, place: Place, *, wide: bool) -> bytes:
    """``words`` of a part with the digits replaced that a number may go on with, or begin with, in another part: the
    last four at such an end. A number of seven digits or more is known for one by itself.

    ``wide``: in UTF-16.
    """
    shown = words
    if place.position > 1 and (found := _BEGINS[wide].match(shown)):
        shown = _hidden(found[0], wide=wide) + shown[found.end() :]
    if place.position < place.total and (found := _ENDS[wide].search(shown)):
        shown = shown[: found.start()] + _hidden(found[0], wide=wide)
    return shown


def replaced(pdu: bytes, content: bytes, words: bytes, shown: bytes) -> bytes:
    """``pdu``, in which ``content`` stands, with the ``words`` at its end as they are ``shown``."""
    end = pdu.rfind(content) + len(content)
    return pdu if shown == words else pdu[: end - len(words)] + shown + pdu[end:]


def _hidden(digits: bytes, *, wide: bool) -> bytes:
    star = b"\0*" if wide else b"*"
    count = min(len(digits) // len(star), _HIDDEN)
    return digits[: len(digits) - count * len(star)] + count * star


def checked_place(reference: int, position: int, total: int) -> Place | None:
    """The place if it can be one."""
    return Place(reference, position, total) if 1 <= position <= total else None
