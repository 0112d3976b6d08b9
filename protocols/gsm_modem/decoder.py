"""Bytes of a GSM modem in, answers and announcements out. Pure; never raises on input and never grows.

Announcements may come in the middle of an answer, between its lines, and are sorted out here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from protocols.gsm_modem.answers import Announced, Answer, Direct, Line, Outcome, Said

MAX_LINE = 1024
"""Most bytes kept of a line that does not end; of a longer one the newest are kept. A PDU has 352 at most."""

_END = re.compile(rb"[\r\n]")
_PROMPT = b">"
_ANNOUNCED = re.compile(rb'\+(?:CMTI|CDSI): ?"?([A-Z]{2})"?, ?(\d{1,5})$')
_DIRECT = re.compile(rb"\+(?:CMT|CDS): ?.*\d+$")
_PDU = re.compile(rb"(?:[0-9A-Fa-f]{2}){3,}$")
_ERROR = re.compile(rb"\+(CM[SE]) ERROR: ?(.*)$")
_PLAIN = {
    b"OK": Answer(Outcome.OK),
    b"ERROR": Answer(Outcome.ERROR),
    b"COMMAND NOT SUPPORT": Answer(Outcome.ERROR),
    b"COMMAND NOT SUPPORTED": Answer(Outcome.ERROR),
    b"TOO MANY PARAMETERS": Answer(Outcome.ERROR),
}


class ModemDecoder:
    """Incremental decoder of one modem's output."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._after_prompt = False
        self._pdu_follows = False

    def feed(self, data: bytes) -> list[Said]:
        """What ``data`` completed, in order. Any split of a stream gives the same."""
        return list(self._decode(data))

    def _decode(self, data: bytes) -> Iterator[Said]:
        while data:
            if not self._line:
                # The prompt is the only thing that is said without the end of a line.
                if self._after_prompt:
                    data = data.removeprefix(b" ")
                    self._after_prompt = False
                if data.startswith(_PROMPT):
                    self._after_prompt = True
                    data = data[1:]
                    yield Answer(Outcome.PROMPT)
                    continue
            end = _END.search(data)
            self._line += data[: end.start()] if end else data
            del self._line[:-MAX_LINE]
            data = data[end.end() :] if end else b""
            if end:
                yield from self._end_of_line()

    def _end_of_line(self) -> Iterator[Said]:
        line = bytes(self._line).strip(b" \t\0")
        self._line.clear()
        if not line:
            return
        pdu_follows, self._pdu_follows = self._pdu_follows, False
        if pdu_follows and _PDU.match(line):
            yield Direct(line.decode("ascii"))
        elif _DIRECT.match(line):
            self._pdu_follows = True
        else:
            yield _read(line)


def _read(line: bytes) -> Said:
    if plain := _PLAIN.get(line):
        return plain
    if error := _ERROR.match(line):
        return Answer(Outcome.ERROR, error[1].decode("ascii"), _words(error[2])[:80])
    if announced := _ANNOUNCED.match(line):
        return Announced(announced[1].decode("ascii"), int(announced[2]))
    return Line(_words(line))


def _words(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()
