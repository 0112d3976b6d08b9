r"""Lines of text of serial caller-id boxes: bytes in, records out. Pure.

Three formats come from such boxes, and a box may be switched from one to another:

- TCI, 70 columns (number right-justified in columns 29 to 43, name from 55 on; the NCID project's description)::

    01      9/05     11:17 AM       702-555-1145           CARD SERVICES

- Whozz Calling "limited" format, five blanks between the fields (CallerID.com, "Whozz Calling? 4 & 8 Line")::

    $01     09/26     02:30 PM     8002404637         I     CallerID.com

- the records of ``protocols.whozz.codec``.
"""

from __future__ import annotations

import re
from dataclasses import replace

from protocols.caller_numbers import absent_reason, read_number
from protocols.text import decode_text
from protocols.whozz.codec import parse_record
from protocols.whozz.messages import CallRecord, Record

MAX_LINE = 160
"""Most bytes kept of a line that does not end; of a longer one the newest are kept."""

_COLUMNS = 70
_NUMBER, _NAME = slice(29, 44), slice(55, 70)
_END = re.compile(rb"[\r\n]")
_LINE = re.compile(rb"\$?([0-9]{2}) {2,}([0-9]{1,2}/[0-9]{1,2}) {2,}([0-9]{1,2}:[0-9]{2} ?[AP]M)( .*)?$")
_GAP = re.compile(rb" {2,}")
_DIRECTIONS = (b"I", b"O")


class RecordLines:
    """Incremental decoder."""

    def __init__(self) -> None:
        self._line = bytearray()

    @property
    def partial(self) -> bool:
        """Whether bytes are kept that may be the beginning of a line."""
        return bool(self._line)

    def feed(self, data: bytes) -> list[Record]:
        """Records in the lines completed by ``data``. Never raises."""
        records: list[Record] = []
        position = 0
        while (match := _END.search(data, position)) is not None:
            self._append(data[position : match.start()])
            position = match.end()
            records += self.gap()
        self._append(data[position:])
        return records

    def gap(self) -> list[Record]:
        """The line is over, be it by its end or by silence."""
        line = bytes(self._line)
        self._line.clear()
        record = parse_line(line)
        return [record] if record is not None else []

    def _append(self, piece: bytes) -> None:
        self._line += piece[-MAX_LINE:]
        del self._line[:-MAX_LINE]


def parse_line(line: bytes) -> Record | None:
    """The record of a line without its end, None if it has none."""
    return parse_record(line) or _caller(line)


def _caller(line: bytes) -> CallRecord | None:
    # Noise may stand before the line number.
    start = re.search(rb"\$?[0-9]{2} {2,}[0-9]{1,2}/", line)
    match = _LINE.match(line, start.start()) if start else None
    if match is None:
        return None
    number_text, name_text, incoming = _fields(line[match.start() :], match[4] or b"")
    number, absent = read_number(number_text)
    record = CallRecord(int(match[1]), f"{match[2].decode()} {match[3].decode()}", incoming, ended=False, number=number)
    name = "" if absent_reason(name_text) else name_text
    return replace(record, name=name, absent=absent) if incoming else record


def _fields(line: bytes, rest: bytes) -> tuple[str, str, bool]:
    """Number, name and whether the call comes in; by columns if the line has all of them."""
    if len(line) == _COLUMNS and not line.startswith(b"$"):
        return decode_text(line[_NUMBER]), decode_text(line[_NAME]), True
    number, *others = _GAP.split(rest.strip()) or [b""]
    incoming = b"O" not in others[:1]
    names = others[1:] if others[:1] and others[0] in _DIRECTIONS else others
    return decode_text(number), decode_text(b" ".join(names)), incoming
