"""Bytes from a modem in, messages out. Pure: no clock, no port; never raises on input and never grows.

Lines end with CR, LF or any run of them. Between and inside lines the modem may put DLE-shielded events
(V.253 chapter 9). A telephone line is noisy and so may the serial side be: rubbish before a message, on the
same line or not, costs at most the line it stands on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocols.hayes.messages import (
    CallerIdDamaged,
    CallerIdField,
    CallerIdKey,
    Message,
    Result,
    ResultCode,
    Ring,
    RingCadence,
    Text,
)
from protocols.hayes.shielded import DLE, ShieldedEvents
from protocols.text import decode_text

MAX_LINE = 256
"""Most bytes kept of a line that does not end; of a longer one the newest are kept."""

_CR, _LF = 0x0D, 0x0A

_SPECIAL = re.compile(rb"[\r\n\x10]")
# Some chips put two fields on one line, even without a blank between ("NAME=ONMBR=5072884388").
_FIELD = re.compile(rb"(DDN_NMBR|NMBR|DDN|NBR|DATE|TIME|NAME|MESG) ?= ?|^(FM):")
_FIELD_KEYS = {
    b"DATE": CallerIdKey.DATE,
    b"TIME": CallerIdKey.TIME,
    b"NMBR": CallerIdKey.NUMBER,
    b"DDN_NMBR": CallerIdKey.NUMBER,
    b"DDN": CallerIdKey.NUMBER,
    b"NBR": CallerIdKey.NUMBER,
    b"FM": CallerIdKey.NUMBER,
    b"NAME": CallerIdKey.NAME,
    b"MESG": CallerIdKey.MESSAGE,
}
# "FM:0765628300 TO:8673300": the called number is our own.
_CALLED_NUMBER = re.compile(rb"\s+TO:.*$")
_RING = re.compile(rb"RING(?: ?([1-5A-E]))?$")
_CADENCE = re.compile(rb"DR(ON|OF) ?= ?(\d{1,4})$")
_RESULTS = {
    b"OK": Result.OK,
    b"VCON": Result.VOICE_CONNECT,
    b"VOICE": Result.VOICE,
    b"RINGING": Result.RINGING,
    b"RINGBACK": Result.RINGING,
    b"BUSY": Result.BUSY,
    b"NO ANSWER": Result.NO_ANSWER,
    b"NO CARRIER": Result.NO_CARRIER,
    b"NO DIALTONE": Result.NO_DIAL_TONE,
    b"NO DIAL TONE": Result.NO_DIAL_TONE,
    b"ERROR": Result.ERROR,
}
_CONNECT = re.compile(rb"CONNECT(?: (.*))?$")
_NOISE = re.compile(rb"[^\x20-\x7e]")


class HayesDecoder:
    """Incremental decoder of one modem's output."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_dle = False
        self._events = ShieldedEvents()

    def feed(self, data: bytes) -> list[Message]:
        """Messages completed by ``data``, in order. Any split of a stream gives the same messages."""
        return list(self._decode(data))

    def _decode(self, data: bytes) -> Iterator[Message]:
        position = 0
        while position < len(data):
            if self._after_dle:
                self._after_dle = False
                code = data[position]
                if code not in (_CR, _LF, DLE):
                    # A DLE that shields nothing was noise; what follows it is then read as usual.
                    position += 1
                    yield from self._event(code)
                    continue
            match = _SPECIAL.search(data, position)
            end = match.start() if match else len(data)
            self._append(data[position:end])
            if match is None:
                return
            position = end + 1
            if data[end] == DLE:
                self._after_dle = True
            else:
                yield from self._end_of_line()

    def _append(self, piece: bytes) -> None:
        self._line += piece
        if len(self._line) > MAX_LINE:
            del self._line[:-MAX_LINE]

    def _end_of_line(self) -> Iterator[Message]:
        line = bytes(self._line)
        self._line.clear()
        if line.strip():
            yield from parse_line(line)

    def _event(self, code: int) -> Iterator[Message]:
        try:
            event = self._events.read(code)
        except ValueError:
            self._append(bytes([code]))
        else:
            if event is not None:
                yield event


def parse_line(line: bytes) -> list[Message]:
    """Messages of one line without its end. Rubbish before a message on the line is skipped."""
    line = line.strip(b" \t\0")
    fields = list(_FIELD.finditer(line))
    if not fields:
        return [_parse_plain(line)]
    messages: list[Message] = []
    before = line[: fields[0].start()].split()
    messages += [ring for ring in (_parse_ring(word) for word in before) if ring]
    for field, following in zip(fields, [*fields[1:], None], strict=True):
        value = line[field.end() : following.start() if following else None]
        messages.append(_field(field, value))
    return messages


def _field(match: re.Match[bytes], value: bytes) -> CallerIdField:
    key = _FIELD_KEYS[match[1] or match[2]]
    return CallerIdField(key, decode_text(_CALLED_NUMBER.sub(b"", value) if match[2] else value))


def _parse_ring(line: bytes) -> Ring | None:
    match = _RING.match(line)
    return Ring((match[1] or b"").decode("ascii")) if match else None


def _parse_plain(line: bytes) -> Message:
    known = _parse_known(line)
    if known is None and (noise := list(_NOISE.finditer(line))):
        known = _parse_known(line[noise[-1].end() :].strip())
    return known or Text(decode_text(line))


def _parse_known(line: bytes) -> Message | None:
    if ring := _parse_ring(line):
        return ring
    if result := _RESULTS.get(line):
        return ResultCode(result)
    if match := _CONNECT.match(line):
        return ResultCode(Result.CONNECT, decode_text(match[1] or b""))
    if match := _CADENCE.match(line):
        return RingCadence(on=match[1] == b"ON", tenths=int(match[2]))
    if line == b"ERRM":
        return CallerIdDamaged()
    return None
