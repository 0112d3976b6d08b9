"""TP phone boxes: 8-byte HID reports in, messages out, and commands into reports. Pure.

A report is ``03 | n | n bytes | filler``, n up to 6. The bytes of one report after another make PDUs,
``FF len code parameters``, where ``len`` counts code and parameters. There is no checksum. The box acknowledges each
report by the same one with bit 7 of its second byte set. Source: the public upil project, tp_protocol.c.

As recorded there, a box may begin an event in the middle of another, even without its ``FF``. So each report is
looked at by itself: one that is an event of its own does not belong to the event that is under way.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from protocols.tp_hid.events import read_event
from protocols.tp_hid.messages import Acknowledged, Command, Event, Message

REPORT_ID = 0x03
REPORT_SIZE = 8
MAX_PIECE = 6
START = 0xFF
MAX_LENGTH = 64
"""Longest PDU believed in, in bytes of code and parameters; caller id takes about 20."""
MAX_OPEN = 3
"""Events under way at once: one inside another is seen, more is noise."""
_ACKNOWLEDGED = 0x80
_FILLER = bytes(range(REPORT_SIZE))
_TONE_SPEED = 0x64
_KEYS = {key: code for code, key in enumerate("0123456789*#,")}


def encode(command: Command, parameters: bytes = b"") -> tuple[bytes, ...]:
    """The reports of one command, to be sent one after another; ``ValueError`` if ``parameters`` are too long."""
    if len(parameters) >= MAX_LENGTH:
        raise ValueError(f"{len(parameters)} bytes of parameters are too many for one command")
    pdu = bytes((START, 1 + len(parameters), command)) + parameters
    return tuple(_report(pdu[start : start + MAX_PIECE]) for start in range(0, len(pdu), MAX_PIECE))


def _report(piece: bytes) -> bytes:
    head = bytes((REPORT_ID, len(piece))) + piece
    return head + _FILLER[len(head) :]


def tones(digits: str) -> bytes:
    """Parameters of ``Command.DIAL`` for ``0-9 * #`` and ``,`` (a pause); ``ValueError`` for anything else."""
    try:
        return bytes((_TONE_SPEED, *(_KEYS[digit] for digit in digits)))
    except KeyError:
        raise ValueError(f"the box cannot send {digits[:40]!r}: it knows 0-9 * # and a pause") from None


def clock(at: datetime) -> bytes:
    """Parameters of ``Command.SET_TIME``."""
    return bytes((at.year % 100, at.month, at.day, at.hour, at.minute, at.second))


def acknowledgement(report: bytes) -> bytes:
    """What a box answers to ``report``. As recorded, the length bits are then 0."""
    return bytes((REPORT_ID, _ACKNOWLEDGED)) + report[2:]


class TpHidDecoder:
    """Puts reports together. Keeps at most ``MAX_OPEN`` unfinished events."""

    def __init__(self) -> None:
        self._open: list[bytes] = []

    def feed(self, report: bytes) -> list[Message]:
        """Messages completed by ``report``. Never raises, whatever it is and however long."""
        if len(report) < 2 or report[0] != REPORT_ID:
            return []
        if report[1] & _ACKNOWLEDGED:
            # It ends an event that was under way: the rest of that will not come.
            self._open.clear()
            return [Acknowledged(report[2:REPORT_SIZE])]
        size = report[1]
        if not 0 < size <= MAX_PIECE or len(report) < 2 + size:
            return []
        return [message for message in self._events(report[2 : 2 + size]) if message is not None]

    def _events(self, piece: bytes) -> Iterator[Message | None]:
        if self._open and not _begins_event(piece):
            yield from self._continued(piece)
        else:
            yield from self._begun(piece)

    def _continued(self, piece: bytes) -> Iterator[Message | None]:
        pdu = self._open[-1] + piece
        end = _end(pdu)
        if not _has_length(pdu):
            self._open.pop()
            yield from self._begun(pdu[1:])
        elif len(pdu) != end and _is_bare_event(piece):
            yield _read(bytes((START,)) + piece)
        elif len(pdu) < end:
            self._open[-1] = pdu
        elif len(pdu) == end or pdu[end] == START:
            self._open.pop()
            yield _read(pdu[:end])
            yield from self._begun(pdu[end:])
        else:
            # What was under way has lost a report.
            self._open.pop()
            yield from self._begun(piece)

    def _begun(self, piece: bytes) -> Iterator[Message | None]:
        """Events from the first ``FF`` on that can be a beginning."""
        while (start := piece.find(START)) >= 0:
            piece = piece[start:]
            end = _end(piece)
            if not _has_length(piece):
                piece = piece[1:]
            elif len(piece) < end:
                self._open = [*self._open, piece][-MAX_OPEN:]
                return
            else:
                yield _read(piece[:end])
                piece = piece[end:]


def _has_length(pdu: bytes) -> bool:
    """Whether the length of the PDU that begins with ``pdu`` can be right, or has not come yet."""
    return len(pdu) < 2 or 0 < pdu[1] <= MAX_LENGTH


def _end(pdu: bytes) -> int:
    """How long the PDU that begins with ``pdu`` is; as far as known, if its length has not come."""
    return 2 + pdu[1] if len(pdu) > 1 else 2


def _read(pdu: bytes) -> Message | None:
    return read_event(pdu[2], pdu[3:])


def _begins_event(piece: bytes) -> bool:
    """Whether a report's bytes are a whole event or fill the report with the beginning of one."""
    if len(piece) < 3 or piece[0] != START or piece[2] not in _KNOWN:
        return False
    return _end(piece) == len(piece) or (len(piece) == MAX_PIECE and piece[1] <= MAX_LENGTH)


def _is_bare_event(piece: bytes) -> bool:
    """Whether a report's bytes are a whole event that has lost its ``FF``."""
    return len(piece) > 1 and piece[0] == len(piece) - 1 and piece[1] in _KNOWN


_KNOWN = frozenset(Event)
