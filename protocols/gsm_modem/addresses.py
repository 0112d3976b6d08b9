"""Numbers and names as PDUs write them (3GPP TS 23.040, section 9.1.2.5)."""

from __future__ import annotations

import re

from protocols import gsm7
from protocols.gsm_modem.messages import PduError
from protocols.gsm_modem.octets import Octets

MOST_DIGITS = 20
"""Longest address-value, in semi-octets."""
_DIGITS = "0123456789*#abc"
_NUMBER = re.compile(r"\+?[0-9*#abc]{1,20}")
_INTERNATIONAL, _UNKNOWN, _NAME = 0x91, 0x81, 0xD0
_TYPE_OF_NUMBER = 0x70


def encode_number(number: str) -> bytes:
    """An address field: ``+`` and digits of an international number, or digits. ``PduError`` for anything else."""
    if not _NUMBER.fullmatch(number):
        raise PduError(f"cannot be a number: {number[:40]!r}")
    digits = number.removeprefix("+")
    kind = _INTERNATIONAL if number.startswith("+") else _UNKNOWN
    return bytes([len(digits), kind]) + _semi_octets(digits)


def encode_address(address: str) -> bytes:
    """Like ``encode_number``, but what is no number is a name of up to eleven characters."""
    if _NUMBER.fullmatch(address):
        return encode_number(address)
    try:
        septets = gsm7.encode(address)
    except ValueError as error:
        raise PduError(str(error)) from None
    length = (7 * len(septets) + 3) // 4
    if not septets or length > MOST_DIGITS:
        raise PduError(f"cannot be a sender: {address[:40]!r}")
    return bytes([length, _NAME]) + gsm7.pack(septets)


def decode_address(octets: Octets) -> str:
    """The address field that comes next: ``+`` before an international number, digits of another, or a name."""
    length, kind = octets.one(), octets.one()
    if length > MOST_DIGITS:
        raise PduError(f"an address of {length} semi-octets")
    value = octets.take((length + 1) // 2)
    if kind & _TYPE_OF_NUMBER == _NAME & _TYPE_OF_NUMBER:
        return gsm7.decode(gsm7.unpack(value, length * 4 // 7))
    return _number(kind, value, length)


def decode_service_centre(octets: Octets) -> str:
    """The number that goes before a TPDU (3GPP TS 27.005, section 3.1), whose length is in octets; may be empty."""
    length = octets.one()
    if not length:
        return ""
    kind, value = octets.one(), octets.take(length - 1)
    digits = 2 * len(value)
    if value and value[-1] >> 4 == 0xF:
        digits -= 1
    return _number(kind, value, digits)


def _number(kind: int, value: bytes, length: int) -> str:
    nibbles = [nibble for octet in value for nibble in (octet & 0x0F, octet >> 4)][:length]
    if any(nibble >= len(_DIGITS) for nibble in nibbles):
        raise PduError(f"no digits: {value.hex()}")
    international = kind & _TYPE_OF_NUMBER == _INTERNATIONAL & _TYPE_OF_NUMBER
    return ("+" if international else "") + "".join(_DIGITS[nibble] for nibble in nibbles)


def _semi_octets(digits: str) -> bytes:
    nibbles = [_DIGITS.index(digit) for digit in digits] + [0xF] * (len(digits) % 2)
    return bytes(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))
