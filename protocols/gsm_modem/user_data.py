"""The words of a message with the header before them (3GPP TS 23.040, section 9.2.3.24; 3GPP TS 23.038, section 4)."""

from __future__ import annotations

from protocols import gsm7, ucs2
from protocols.gsm_modem.messages import Coding, Joint, PduError, UserData
from protocols.gsm_modem.octets import Octets

MOST_OCTETS = 140
MOST_SEPTETS = 160
_JOINT, _WIDE_JOINT = 0x00, 0x08


def encode_body(body: UserData) -> bytes:
    """TP-UDL and TP-UD; ``PduError`` if it does not fit or the alphabet lacks a character."""
    header = _header(body.joint)
    if body.coding is Coding.GSM7:
        length, data = _septets(header, body.text)
        return bytes([length]) + data
    data = header + (body.data if body.coding is Coding.DATA else _ucs2(body.text))
    if len(data) > MOST_OCTETS:
        raise PduError(f"{len(data)} octets do not fit into {MOST_OCTETS}")
    return bytes([len(data)]) + data


def decode_body(octets: Octets, scheme: int, *, has_header: bool) -> UserData:
    """TP-UDL and TP-UD that come next, written by the data coding ``scheme``.

    The header is the sender's own, and no network looks at it: one that is longer than the message is none, and all of
    it are words. What stays unread stays on the SIM, where there is little room.
    """
    coding = coding_of(scheme)
    length = octets.one()
    if length > (MOST_SEPTETS if coding is Coding.GSM7 else MOST_OCTETS):
        raise PduError(f"a message of {length} signs")
    data = octets.take((7 * length + 7) // 8 if coding is Coding.GSM7 else length)
    header = data[: data[0] + 1] if has_header and data and data[0] < len(data) else b""
    joint = _joint(header[1:])
    rest = data[len(header) :]
    if coding is Coding.GSM7:
        return UserData(coding, text=_text_of_septets(rest, length, len(header)), joint=joint)
    if coding is Coding.UCS2:
        return UserData(coding, text=ucs2.decode(rest, is_part=joint is not None), joint=joint)
    return UserData(coding, data=rest, joint=joint)


def coding_of(scheme: int) -> Coding:
    """What a data coding scheme means for the octets. Reserved ones mean the default alphabet."""
    match scheme >> 4:
        case 0b1110:
            return Coding.UCS2
        case 0b1111:
            return Coding.DATA if scheme & 0x04 else Coding.GSM7
        case group if group < 0b1000:
            return {0x04: Coding.DATA, 0x08: Coding.UCS2}.get(scheme & 0x0C, Coding.GSM7)
        case _:
            return Coding.GSM7


def _septets(header: bytes, text: str) -> tuple[int, bytes]:
    try:
        septets = gsm7.encode(text)
    except ValueError as error:
        raise PduError(str(error)) from None
    fill = _fill(len(header))
    length = (8 * len(header) + fill) // 7 + len(septets)
    if length > MOST_SEPTETS:
        raise PduError(f"{length} septets do not fit into {MOST_SEPTETS}")
    return length, header + gsm7.pack(septets, fill)


def _text_of_septets(data: bytes, length: int, header: int) -> str:
    fill = _fill(header)
    count = max(0, length - (8 * header + fill) // 7)
    return gsm7.decode(gsm7.unpack(data, count, fill))


def _fill(header: int) -> int:
    """Bits between a header of so many octets and the next septet."""
    return -8 * header % 7


def _ucs2(text: str) -> bytes:
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError:
        raise PduError("half a surrogate pair") from None


def _header(joint: Joint | None) -> bytes:
    if joint is None:
        return b""
    most = 0xFFFF if joint.wide else 0xFF
    if not (0 <= joint.reference <= most and 1 <= joint.position <= joint.total <= 0xFF):
        raise PduError(f"no part of a long text: {joint}")
    element = joint.reference.to_bytes(2 if joint.wide else 1, "big") + bytes([joint.total, joint.position])
    kind = _WIDE_JOINT if joint.wide else _JOINT
    return bytes([len(element) + 2, kind, len(element)]) + element


def _joint(header: bytes) -> Joint | None:
    """The place in a long text, of the last element that names one (section 9.2.3.24.1); None if it cannot be true.

    An element that does not end in the header is none.
    """
    found: Joint | None = None
    octets = Octets(header)
    while octets.left > 1:
        kind, size = octets.one(), octets.one()
        element = octets.take(min(size, octets.left))
        wide = kind == _WIDE_JOINT
        if (kind, len(element)) in ((_JOINT, 3), (_WIDE_JOINT, 4)):
            *reference, total, position = element
            joint = Joint(int.from_bytes(bytes(reference), "big"), total, position, wide)
            found = joint if 1 <= position <= total else found
    return found
