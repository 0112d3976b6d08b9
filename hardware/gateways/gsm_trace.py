"""The trace of a GSM modem, in which neither the PIN nor a whole telephone number stands."""

from __future__ import annotations

import re

from hardware.trace import LineTrace
from protocols.gsm_modem.addresses import encode_number
from protocols.gsm_modem.codec import decode_incoming, decode_submit, from_line
from protocols.gsm_modem.messages import Deliver, PduError, StatusReport, Submit

_PIN = re.compile(rb'(\+CPIN=")[0-9]+')
_PDU = re.compile(rb"[0-9A-Fa-f]{20,}")
_UNFINISHED = re.compile(rb"(?:^|(?<=[\r\n]))[0-9A-Fa-f]+$")
_MOST_HELD = 1024
_SHOWN = 4
"""Hexadecimal digits at each end of a number."""


class GsmTrace(LineTrace):
    """What looks like a PDU is held back until its line ends: half a PDU cannot be masked."""

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
    """``data`` with the PIN and the middle of numbers replaced by asterisks."""
    return _PDU.sub(lambda found: _masked_pdu(found[0]), _PIN.sub(rb"\1****", data))


def _masked_pdu(line: bytes) -> bytes:
    try:
        number = encode_number(_number_in(from_line(line.decode("ascii"))))[2:].hex().upper().encode()
    except PduError:
        return line
    middle = b"*" * max(0, len(number) - 2 * _SHOWN)
    return line.upper().replace(number, number[:_SHOWN] + middle + number[_SHOWN + len(middle) :])


def _number_in(tpdu: bytes) -> str:
    message: Deliver | StatusReport | Submit
    try:
        message = decode_incoming(tpdu)
    except PduError:
        message = decode_submit(tpdu)
    match message:
        case Deliver(sender=number) | StatusReport(number=number) | Submit(number=number):
            return number
