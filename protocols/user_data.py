"""The header before the words of a short message that is one part of a long text (3GPP TS 23.040, section 9.2.3.24)."""

from __future__ import annotations

from dataclasses import dataclass

_SHORT_REFERENCE = 0x00
_LONG_REFERENCE = 0x08


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


def checked_place(reference: int, position: int, total: int) -> Place | None:
    """The place if it can be one."""
    return Place(reference, position, total) if 1 <= position <= total else None
