"""What can be told of something that is no PDU which is understood: it came in all the same, and takes a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from protocols.gsm_modem.addresses import decode_address, decode_service_centre
from protocols.gsm_modem.codec import is_deliver
from protocols.gsm_modem.messages import PduError
from protocols.gsm_modem.octets import Octets
from protocols.gsm_modem.times import decode_time

_PROTOCOL_AND_CODING = 2


@dataclass(frozen=True)
class Salvaged:
    """``sender`` is empty if not even that can be read. ``words`` is the rest in hexadecimal: what of a DELIVER goes
    before its sender, and what follows it; of anything else all.
    """

    sender: str
    words: str
    at: datetime | None = None


def salvage(line: str) -> Salvaged | None:
    """What can be read of a PDU that ``decode_incoming`` refuses; None if ``line`` is no hexadecimal."""
    try:
        data = bytes.fromhex(line)
    except ValueError:
        return None
    octets = Octets(data)
    try:
        decode_service_centre(octets)
        first = octets.one()
        if not is_deliver(first):
            return Salvaged("", _hexadecimal(data))
        sender = decode_address(octets)
    except PduError:
        return Salvaged("", _hexadecimal(data))
    rest = octets.take(octets.left)
    return Salvaged(sender, f"{first:02X} {_hexadecimal(rest)}".strip(), _time_in(rest))


def _hexadecimal(data: bytes) -> str:
    return data.hex().upper()


def _time_in(rest: bytes) -> datetime | None:
    try:
        return decode_time(Octets(rest[_PROTOCOL_AND_CODING:]))
    except PduError:
        return None
