"""What may be dialled and sent as tones. What a person typed passes a check here, so that it can be nothing else."""

from __future__ import annotations

import re

from protocols.sayings import Said, Saying

_DIALABLE = re.compile(r"(?=.{1,32}\Z)\+?[0-9*#,]+")
_PREFIX = re.compile(r"[0-9*#,]{0,8}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,32}")


def checked_number(number: str) -> str:
    """``number`` itself if it is 1 to 32 of ``0-9 * # ,``, with a ``+`` before them or not.

    Anything else is a ``ValueError``: to a modem, a CR, LF or ``;`` in a dial string would be a command of its own.
    """
    if not _DIALABLE.fullmatch(number):
        raise ValueError(f"cannot dial {number[:40]!r}: allowed are 1 to 32 of 0-9 * # + and , for a pause")
    return number


def checked_digits(digits: str) -> str:
    """``digits`` itself if it is 1 to 32 of ``0-9 * # A-D``; else ``ValueError``."""
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"cannot send {digits[:40]!r} as tones: allowed are 1 to 32 of 0-9 * # A-D")
    return digits


def checked_prefix(prefix: str) -> str:
    """``prefix`` itself if it is at most 8 of ``0-9 * # ,``; else ``ValueError``."""
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(Said(Saying.PREFIX, prefix=repr(prefix)))
    return prefix


def on_wire(number: str, prefix: str, international_prefix: str) -> str:
    """What is dialled for ``number``: outside line first, and no ``+``, which exchanges do not understand.

    ``ValueError`` unless ``checked_number`` takes ``number``. At most 48 of ``0-9 * # ,``.
    """
    checked_number(number)
    if number.startswith("+"):
        number = international_prefix + number[1:]
    return prefix + number
