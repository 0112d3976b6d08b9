"""The trace of a GSM modem, in which neither the PIN nor a whole telephone number stands, in texts neither."""

from __future__ import annotations

import re

from hardware.gateways.masking import masked as masked_digits
from hardware.trace import LineTrace
from protocols import gsm7, ucs2
from protocols.gsm_modem.addresses import encode_number
from protocols.gsm_modem.codec import decode_incoming, decode_submit, from_line
from protocols.gsm_modem.messages import Coding, Deliver, PduError, StatusReport, Submit, UserData
from protocols.user_data import WHOLE, Place, without_half_numbers

_PIN = re.compile(rb'(\+CPIN=")[0-9]+')
_PDU = re.compile(rb'"?[0-9A-Fa-f]{20,}')
# What may be a PDU, or a number, that goes on with the next bytes.
_UNFINISHED = re.compile(rb"[0-9A-Fa-f]+$")
_WIDE_DIGITS = re.compile(rb"(?:003[0-9]){7,}")
_SEMI_OCTETS = re.compile(rb"[0-9]{10,}")
_DIGITS = re.compile(r"\d{7,}")
_MOST_HELD = 1024
_SHOWN = 4
"""Hexadecimal digits at each end of a number."""
_HIDDEN = 4
"""Digits at the end of a number that stands in a text."""


class GsmTrace(LineTrace):
    """What looks like a PDU or a number is held back until it ends: half of one cannot be masked."""

    _held = b""

    def received(self, data: bytes) -> None:
        """``data`` came from the modem."""
        data = self._held + data
        unfinished = _UNFINISHED.search(data)
        self._held = unfinished[0] if unfinished and len(unfinished[0]) < _MOST_HELD else b""
        ready = data.removesuffix(self._held)
        if ready:
            super().received(masked(ready))

    def closed(self) -> None:
        """The port is closed or lost, and what was held back is all of it."""
        held, self._held = self._held, b""
        if held:
            super().received(masked(held))
        super().closed()

    def sent(self, data: bytes) -> None:
        """``data`` was written to the modem, whole commands and messages."""
        super().sent(masked(data))


def masked(data: bytes) -> bytes:
    """``data`` with the PIN, the middle of numbers, and the end of whatever might be one in a text or in the words of
    the modem replaced by asterisks.
    """
    data = _PIN.sub(rb"\1****", data)
    shown, end = [], 0
    for found in _PDU.finditer(data):
        shown += [masked_digits(data[end : found.start()]), _masked_hex(found[0])]
        end = found.end()
    return b"".join([*shown, masked_digits(data[end:])])


def _masked_hex(line: bytes) -> bytes:
    """A PDU, or what only looks like one: a text in hexadecimal (+CUSD: 3GPP TS 27.007, section 7.15), or nonsense."""
    if line.startswith(b'"'):
        return masked_digits(line) if line[1:].isdigit() and not _WIDE_DIGITS.search(line) else _masked_wide(line)
    try:
        tpdu = from_line(line.decode("ascii"))
        message = _read(tpdu)
    except PduError:
        if line.isdigit():
            return masked_digits(line)
        return _SEMI_OCTETS.sub(lambda found: _without_middle(found[0]), _masked_wide(line))
    line = _masked_number(line.upper(), _number_of(message))
    return line if (body := _body_of(message)) is None else _masked_body(line, tpdu, body)


def _masked_number(line: bytes, number: str) -> bytes:
    try:
        octets = encode_number(number)[2:].hex().upper().encode()
    except PduError:
        # A name.
        return line
    return line.replace(octets, _without_middle(octets))


def _masked_wide(line: bytes) -> bytes:
    """Digits in UTF-16."""
    return _WIDE_DIGITS.sub(lambda found: found[0][: -4 * _HIDDEN] + b"002A" * _HIDDEN, line)


def _masked_body(line: bytes, tpdu: bytes, body: UserData) -> bytes:
    """The words of a message stand at the end of its PDU."""
    part = WHOLE if body.joint is None else Place(body.joint.reference, body.joint.position, body.joint.total)
    hidden = _DIGITS.sub(lambda found: found[0][:-_HIDDEN] + "*" * _HIDDEN, body.text)
    hidden = ucs2.decode(without_half_numbers(_wide(hidden), part, wide=True), is_part=True)
    if body.coding is Coding.DATA:
        pairs = [(body.data, masked_digits(without_half_numbers(body.data, part, wide=False)))]
    elif hidden == body.text:
        return line
    elif body.coding is Coding.UCS2:
        pairs = [(_wide(body.text), _wide(hidden))]
    else:
        pairs = _packed(body.text, hidden)
    for before, after in pairs:
        if before and (place := tpdu.rfind(before)) >= 0:
            start = len(line) - 2 * (len(tpdu) - place)
            return line[:start] + after.hex().upper().encode() + line[start + 2 * len(before) :]
    # It is written in a way that we would not write it: then without its words.
    return line[: -2 * len(body.text)] + b"*" * (2 * len(body.text)) if hidden != body.text else line


def _wide(text: str) -> bytes:
    return text.encode("utf-16-be", "surrogatepass")


def _packed(text: str, hidden: str) -> list[tuple[bytes, bytes]]:
    """Both in septets, from whichever bit on."""
    try:
        before, after = gsm7.encode(text), gsm7.encode(hidden)
    except ValueError:
        return []
    return [(gsm7.pack(before, fill), gsm7.pack(after, fill)) for fill in range(7)]


def _without_middle(number: bytes) -> bytes:
    middle = b"*" * max(0, len(number) - 2 * _SHOWN)
    return number[:_SHOWN] + middle + number[_SHOWN + len(middle) :]


def _read(tpdu: bytes) -> Deliver | StatusReport | Submit:
    try:
        return decode_incoming(tpdu)
    except PduError:
        return decode_submit(tpdu)


def _number_of(message: Deliver | StatusReport | Submit) -> str:
    match message:
        case Deliver(sender=number) | StatusReport(number=number) | Submit(number=number):
            return number


def _body_of(message: Deliver | StatusReport | Submit) -> UserData | None:
    match message:
        case Deliver(body=body) | Submit(body=body):
            return body
        case StatusReport():
            return None
