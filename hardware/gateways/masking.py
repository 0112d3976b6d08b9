"""PDUs as they may be kept and shown: without whole phone numbers."""

from __future__ import annotations

import re

_HIDDEN = 4
_DIGITS = re.compile(rb"[0-9]{7,}")
_WIDE_DIGITS = re.compile(rb"(?:\x00[0-9]){7,}")


def masked(pdu: bytes) -> bytes:
    """``pdu`` with the last four digits of whatever might be a phone number replaced; it is as long as before.

    That is every run of seven digits or more, in ASCII or UTF-16, ids and times included.
    """
    pdu = _DIGITS.sub(lambda match: match[0][:-_HIDDEN] + b"*" * _HIDDEN, pdu)
    return _WIDE_DIGITS.sub(lambda match: match[0][: -2 * _HIDDEN] + b"\0*" * _HIDDEN, pdu)
