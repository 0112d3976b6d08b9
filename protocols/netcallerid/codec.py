r"""NetCallerID: bytes in, callers out. Pure.

A box says, and no more than this::

    ###DATE08082225...NMBR14075551212...NAMEJOHN DOE+++\r
    ###DATE03301423...NMBR...NAME-UNKNOWN CALLER-+++\r
    ###DATE...NMBR...NAME   -MSG OFF-+++\r       voice mail, not a call

Date is ``MMDDHHMM``. Source: the formats that the NCID project publishes for this discontinued device.
"""

from __future__ import annotations

import re

from protocols.caller_numbers import absent_reason, read_number
from protocols.signals import AbsentReason, CallerIdentified
from protocols.text import decode_text

MAX_MESSAGE = 256
"""Most bytes kept of a message that does not end. A whole one has at most 80."""

_START = b"###"
_MESSAGE = re.compile(rb"###((?:(?!###).){0,%d}?)\+\+\+" % MAX_MESSAGE, re.DOTALL)
_BETWEEN = re.compile(rb"\.{2,}")
_FIELD = re.compile(rb"(DATE|NMBR|NAME)(.*)", re.DOTALL)
_VOICE_MAIL = re.compile(rb" *-MSG O(N|FF)- *")


class NetCallerIdDecoder:
    """Incremental decoder; a ``CallerDecoder``."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Whether bytes are kept that may be the beginning of a message."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[CallerIdentified]:
        """Callers in the messages completed by ``data``. Never raises."""
        callers = []
        for start in range(0, len(data), MAX_MESSAGE):
            self._buffer += data[start : start + MAX_MESSAGE]
            while match := _MESSAGE.search(self._buffer):
                callers += _caller(bytes(match[1]), whole=True)
                del self._buffer[: match.end()]
            self._trim()
        return callers

    def gap(self) -> list[CallerIdentified]:
        """What can be read of a message that breaks off."""
        _, start, piece = bytes(self._buffer).rpartition(_START)
        self._buffer.clear()
        return _caller(piece, whole=False) if start else []

    def _trim(self) -> None:
        """Keep what may be the beginning of a message: from the last start on, or a part of a start at the end."""
        start = self._buffer.rfind(_START)
        if start < 0:
            start = len(self._buffer.rstrip(b"#"))
        del self._buffer[: max(start, len(self._buffer) - 2 * MAX_MESSAGE)]


def _caller(message: bytes, *, whole: bool) -> list[CallerIdentified]:
    """The caller of a message between ``###`` and ``+++``; none if it tells of no call."""
    fields = {match[1]: match[2] for part in _BETWEEN.split(message) if (match := _FIELD.match(part))}
    name = fields.get(b"NAME", b"")
    if b"NMBR" not in fields or _VOICE_MAIL.fullmatch(name):
        return []
    number, absent = read_number(decode_text(fields[b"NMBR"]))
    name_text = decode_text(name)
    why = absent_reason(name_text)
    if absent is not None and why is AbsentReason.PRIVATE:
        # Some exchanges withhold both and say so in the name.
        absent = why
    return [CallerIdentified(number, "" if why else name_text, absent, verified=whole)]
