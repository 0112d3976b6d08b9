r"""Whozz Calling records: bytes in, messages out. Pure, never raises.

A datagram of an Ethernet box is ``^^<U>``, six bytes unit number, ``<S>``, six bytes serial number, mostly a ``$``,
the record as ASCII (CallerID.com, "Ethernet Link Supplement", chapter 3). The numbers are binary, highest byte first,
so any byte may stand in them. A record is found by its shape, not by its place: boxes and their settings differ. ::

    01 I E 0041 G A2 12/17 04:54 PM 770-263-7111   CALLERID.COM
    01 F             11/07 17:45:04
"""

from __future__ import annotations

import re

from protocols.caller_numbers import absent_reason, read_number
from protocols.text import decode_text
from protocols.whozz.messages import CallRecord, Detail, DetailKind, Packet, Record

MAX_DATAGRAM = 512
"""Longest datagram looked at. A call record has 83 bytes, the longest known one 90."""

ASK_PARAMETERS = b"^^IdX"
"""Has the box send its parameters; changes nothing (chapter 6)."""

_HEADER = re.compile(rb"\^\^<U>(.{6})<S>(.{6})", re.DOTALL)
_CALL = re.compile(
    rb"(?<![0-9])([0-9]{2}) +([IO]) +([SEB]) +([0-9]{1,5}) +([GB]) +(?:([^ ])([0-9])|[^ ]{0,3}) +"
    rb"([0-9]{1,2}/[0-9]{1,2}) +([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})? ?(?:[AP]M)?) ?([^\r\n\0]*)"
)
_DETAIL = re.compile(
    rb"(?<![0-9])([0-9]{2}) +([FNRH]) +([0-9]{1,2}/[0-9]{1,2}) *([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})? ?(?:[AP]M)?)"
)
_NUMBER_WIDTH, _NAME_WIDTH = 14, 15
_DIALLABLE = re.compile(rb"([0-9*#()+.-]+)(?: +|$)(.*)")
_WORD = re.compile(rb"([^ ]+)(?: +|$)(.*)")
_ASCII_DIGITS = re.compile(rb"[0-9]{6}")


def decode(datagram: bytes) -> Packet | None:
    """Packet of a datagram, None if it is not from such a box."""
    header = _HEADER.match(datagram) if len(datagram) <= MAX_DATAGRAM else None
    if header is None:
        return None
    return Packet(read_id(header[1]), read_id(header[2]), parse_record(datagram[header.end() :]))


def read_id(raw: bytes) -> int:
    """A unit or serial number: binary, or digits as some software sends them."""
    return int(raw) if _ASCII_DIGITS.fullmatch(raw) else int.from_bytes(raw, "big")


def parse_record(text: bytes) -> Record | None:
    """The first record in ``text``, None if there is none."""
    if call := _CALL.search(text):
        return _call_record(call)
    if detail := _DETAIL.search(text):
        return Detail(int(detail[1]), _when(detail[3], detail[4]), DetailKind(detail[2].decode()))
    return None


def _call_record(match: re.Match[bytes]) -> CallRecord:
    incoming = match[2] == b"I"
    number_text, name_text = split_caller(match[10])
    number, absent = read_number(number_text)
    return CallRecord(
        line=int(match[1]),
        when=_when(match[8], match[9]),
        incoming=incoming,
        # B is a call that the box itself blocked: it began, and nothing more is heard of it.
        ended=match[3] == b"E",
        number=number,
        # Behind an outgoing call's number stand digits pressed later.
        name="" if not incoming or absent_reason(name_text) else name_text,
        absent=absent if incoming else None,
        seconds=int(match[4]),
        verified=match[5] == b"G",
        rings=int(match[7] or 0),
        ring_type=(match[6] or b"").decode("ascii", "replace"),
    )


def split_caller(rest: bytes) -> tuple[str, str]:
    """Number and name at the end of a record, cleaned: in columns of 14 and 15, or else parted by blanks."""
    fixed = len(rest) >= _NUMBER_WIDTH + 1 + _NAME_WIDTH and rest[_NUMBER_WIDTH : _NUMBER_WIDTH + 1] == b" "
    if not fixed and (match := _DIALLABLE.match(rest.lstrip()) or _WORD.match(rest.lstrip())):
        return decode_text(match[1]), decode_text(match[2])
    return decode_text(rest[:_NUMBER_WIDTH]), decode_text(rest[_NUMBER_WIDTH:])


def _when(date: bytes, time: bytes) -> str:
    return f"{date.decode()} {time.decode().strip()}"
