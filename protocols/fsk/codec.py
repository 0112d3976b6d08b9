"""SDMF and MDMF caller id (Bellcore GR-30, ETSI EN 300 659-3, YD/T 1277 alike): bytes in, messages out. Pure.

A transmission is channel seizure (many 0x55), mark, then type, length, that many bytes, and a checksum that makes
the sum of all from the type 0 modulo 256. Between transmissions a receiver may pass on any noise.

- Sum right and structure right: a message.
- Sum wrong: still a message, not ``verified``, if its structure is right or the channel seizure was seen.
- Anything else is noise. Every place in the noise is tried, so that a false start hides nothing behind it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from protocols.fsk.messages import CallSetup
from protocols.signals import AbsentReason
from protocols.text import decode_text

SDMF, MDMF = 0x04, 0x80
_DATE_TIME, _NUMBER, _NUMBER_ABSENT, _NAME, _NAME_ABSENT = 0x01, 0x02, 0x04, 0x07, 0x08
_KNOWN_PARAMETERS = frozenset(range(0x01, 0x23))

MAX_MESSAGE = 2 + 255 + 1
SEIZURE = 0x55
_SEEN_SEIZURE = re.compile(rb"\x55{5,}[\x80-\xff]{0,64}\Z")
"""Seizure, then mark bits that a receiver may give as 0xFF or worse, right before a type byte."""

_DATE = re.compile(rb"[0-9]{8}\Z")
_NUMBER_TEXT = re.compile(rb"[0-9A-Za-z*#+() .-]{0,32}\Z")
_PRIVATE, _OUT_OF_AREA = b"P", b"O"


def checksum(body: bytes) -> int:
    """Checksum byte for ``body``, which is type, length and data."""
    return -sum(body) & 0xFF


def frame(kind: int, data: bytes) -> bytes:
    """A whole message of type ``kind``; ``data`` up to 255 bytes, else ``ValueError``."""
    if len(data) > 255:
        raise ValueError(f"{len(data)} bytes of caller id do not fit into one message")
    body = bytes((kind, len(data))) + data
    return body + bytes((checksum(body),))


class FskDecoder:
    """Incremental decoder. Keeps at most one message and the seizure before it."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def partial(self) -> bool:
        """Whether bytes are kept that may be the beginning of a message."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> list[CallSetup]:
        """Messages completed by ``data``. Never raises."""
        messages = []
        for start in range(0, len(data), MAX_MESSAGE):
            self._buffer += data[start : start + MAX_MESSAGE]
            while (found := self._find(whole=False)) is not None:
                messages.append(found)
            del self._buffer[: -2 * MAX_MESSAGE]
        return messages

    def gap(self) -> list[CallSetup]:
        """The line fell silent: what is kept is all there will be of it."""
        messages = []
        while (found := self._find(whole=True)) is not None:
            messages.append(found)
        self._buffer.clear()
        return messages

    def _find(self, *, whole: bool) -> CallSetup | None:
        """Take the first message out of the buffer. Behind one that is not all there, only a verified one counts:
        what follows may yet make the first right, or the gap will tell.
        """
        buffer = bytes(self._buffer)
        waiting = False
        for start in (index for index, byte in enumerate(buffer) if byte in (SDMF, MDMF)):
            end = _end(buffer, start)
            waiting = waiting or (end is None and not whole)
            message = _verified(buffer, start, end)
            if message is None and not waiting:
                message = _damaged(buffer, start, end)
            if message is not None:
                return self._taken(len(buffer) if end is None else end, message)
        return None

    def _taken(self, end: int, message: CallSetup) -> CallSetup:
        del self._buffer[:end]
        return message


def _end(buffer: bytes, start: int) -> int | None:
    """Where the message at ``start`` ends, None if not all of it is there."""
    if start + 1 >= len(buffer):
        return None
    end = start + 2 + buffer[start + 1] + 1
    return end if end <= len(buffer) else None


def _verified(buffer: bytes, start: int, end: int | None) -> CallSetup | None:
    if end is None or checksum(buffer[start:end]) != 0:
        return None
    return _parse(buffer[start : end - 1])


def _damaged(buffer: bytes, start: int, end: int | None) -> CallSetup | None:
    if end is not None and (message := _parse(buffer[start : end - 1])) is not None:
        return replace(message, verified=False)
    if _SEEN_SEIZURE.search(buffer[:start]):
        # A call was announced for certain; what can be read of it is better than nothing.
        return replace(_salvage(buffer[start:end]), verified=False)
    return None


def _parse(body: bytes) -> CallSetup | None:
    """Message of type, length and data, or None if they do not make one."""
    data = body[2:]
    if body[0] == SDMF:
        return _parse_sdmf(data)
    parameters = _parameters(data)
    return _from_parameters(parameters) if parameters is not None else None


def _parse_sdmf(data: bytes) -> CallSetup | None:
    if not _DATE.match(data[:8]) or not _NUMBER_TEXT.match(data[8:]):
        return None
    message = CallSetup(sent_at=data[:8].decode("ascii"))
    return _with_absence(message, data[8:]) if len(data) <= 9 else _with_number(message, data[8:])


def _parameters(data: bytes) -> dict[int, bytes] | None:
    """The parameters of MDMF data; None unless they fill it exactly and one of them can be a caller's."""
    parameters: dict[int, bytes] = {}
    position = 0
    while position < len(data):
        if position + 1 >= len(data) or data[position] not in _KNOWN_PARAMETERS:
            return None
        end = position + 2 + data[position + 1]
        if end > len(data):
            return None
        parameters.setdefault(data[position], data[position + 2 : end])
        position = end
    plausible = _DATE.match(parameters.get(_DATE_TIME, b"00000000")) and _NUMBER_TEXT.match(
        parameters.get(_NUMBER, b"")
    )
    return parameters if plausible and parameters.keys() & {_NUMBER, _NUMBER_ABSENT, _NAME, _NAME_ABSENT} else None


def _from_parameters(parameters: dict[int, bytes]) -> CallSetup:
    message = CallSetup(
        sent_at=parameters.get(_DATE_TIME, b"").decode("ascii", "replace"),
        name=decode_text(parameters.get(_NAME, b"")),
    )
    if parameters.get(_NUMBER):
        return _with_number(message, parameters[_NUMBER])
    return _with_absence(message, parameters.get(_NUMBER_ABSENT, b""))


def _salvage(piece: bytes) -> CallSetup:
    """Number of a broken message: the longest run of digits that is not the date, which comes first."""
    runs = re.findall(rb"[0-9]{3,}", piece[2:])
    if runs and piece[0] == SDMF:
        runs[0] = runs[0][8:]
    elif runs and len(runs[0]) == 8:
        del runs[0]
    number = max(runs, key=len, default=b"")
    return _with_number(CallSetup(), number) if number else CallSetup()


def _with_number(message: CallSetup, number: bytes) -> CallSetup:
    return replace(message, number=decode_text(number))


def _with_absence(message: CallSetup, reason: bytes) -> CallSetup:
    # O is "out of area"; an exchange that sends neither number nor reason told as little.
    absent = AbsentReason.PRIVATE if reason[:1] == _PRIVATE else AbsentReason.UNAVAILABLE
    return replace(message, absent=absent)
