"""PDUs in, messages out, and back (3GPP TS 23.040, section 9.2.2). Pure; whatever is no PDU is a ``PduError``."""

from __future__ import annotations

from protocols.gsm_modem.addresses import decode_address, decode_service_centre, encode_address, encode_number
from protocols.gsm_modem.messages import Deliver, PduError, StatusReport, Submit
from protocols.gsm_modem.octets import Octets
from protocols.gsm_modem.times import decode_time, decode_validity, encode_time, encode_validity
from protocols.gsm_modem.user_data import decode_body, encode_body

# The first octet: message type, and flags. TP-VPF says which kind of validity period there is, and so how long it is.
_TYPE = 0x03
_DELIVER, _SUBMIT, _STATUS_REPORT = 0x00, 0x01, 0x02
_NO_MORE_MESSAGES = 0x04
_VALIDITY, _RELATIVE = 0x18, 0x10
_VALIDITY_OCTETS = {0x00: 0, 0x08: 7, 0x10: 1, 0x18: 7}
_REPORT_WANTED = 0x20
_HAS_HEADER = 0x40
_NO_TIME = bytes(7)


def encode_submit(message: Submit) -> bytes:
    """The TPDU of ``message``; the modem replaces the reference by its own."""
    first = _SUBMIT
    if message.validity is not None:
        first |= _RELATIVE
    if message.receipt:
        first |= _REPORT_WANTED
    if message.body.joint is not None:
        first |= _HAS_HEADER
    if not 0 <= message.reference <= 0xFF:
        raise PduError(f"no reference: {message.reference}")
    validity = b"" if message.validity is None else bytes([encode_validity(message.validity)])
    head = bytes([first, message.reference]) + encode_number(message.number)
    return head + bytes([0, message.body.coding.value]) + validity + encode_body(message.body)


def decode_submit(tpdu: bytes) -> Submit:
    """What ``encode_submit`` made, or another host."""
    octets = Octets(tpdu)
    first = octets.one()
    if first & _TYPE != _SUBMIT:
        raise PduError(f"no SUBMIT: {first:02X}")
    reference, number = octets.one(), decode_address(octets)
    octets.one()
    scheme = octets.one()
    kind = first & _VALIDITY
    validity = octets.take(_VALIDITY_OCTETS[kind])
    body = decode_body(octets, scheme, has_header=bool(first & _HAS_HEADER))
    return Submit(
        number=number,
        body=body,
        validity=decode_validity(validity[0]) if kind == _RELATIVE else None,
        receipt=bool(first & _REPORT_WANTED),
        reference=reference,
    )


def encode_deliver(message: Deliver) -> bytes:
    """The TPDU of ``message``, as a service centre would send it."""
    first = _DELIVER | _NO_MORE_MESSAGES | (_HAS_HEADER if message.body.joint is not None else 0)
    at = _NO_TIME if message.at is None else encode_time(message.at)
    head = bytes([first]) + encode_address(message.sender) + bytes([0, message.body.coding.value])
    return head + at + encode_body(message.body)


def encode_report(message: StatusReport) -> bytes:
    """The TPDU of ``message``, as a service centre would send it."""
    times = [_NO_TIME if at is None else encode_time(at) for at in (message.sent_at, message.done_at)]
    if not (0 <= message.reference <= 0xFF and 0 <= message.status <= 0xFF):
        raise PduError(f"no report: {message}")
    first = _STATUS_REPORT | _NO_MORE_MESSAGES
    return (
        bytes([first, message.reference]) + encode_address(message.number) + b"".join(times) + bytes([message.status])
    )


def decode_incoming(tpdu: bytes) -> Deliver | StatusReport:
    """A TPDU from the service centre."""
    octets = Octets(tpdu)
    first = octets.one()
    match first & _TYPE:
        case 0x00:
            return _deliver(octets, has_header=bool(first & _HAS_HEADER))
        case 0x02:
            return _status_report(octets)
        case _:
            raise PduError(f"neither DELIVER nor STATUS-REPORT: {first:02X}")


def is_deliver(first: int) -> bool:
    """Whether a TPDU from the service centre that begins with this octet is somebody's message."""
    return first & _TYPE == _DELIVER


def _deliver(octets: Octets, *, has_header: bool) -> Deliver:
    sender = decode_address(octets)
    octets.one()
    scheme, at = octets.one(), decode_time(octets)
    return Deliver(sender, decode_body(octets, scheme, has_header=has_header), at)


def _status_report(octets: Octets) -> StatusReport:
    reference, number = octets.one(), decode_address(octets)
    sent_at, done_at = decode_time(octets), decode_time(octets)
    return StatusReport(reference, number, sent_at, done_at, octets.one())


def to_line(tpdu: bytes) -> str:
    """What the modem is told of a TPDU: hexadecimal, behind the length 0 of "your own service centre"
    (3GPP TS 27.005, section 4.3).
    """
    return "00" + tpdu.hex().upper()


def from_line(line: str) -> bytes:
    """The TPDU of such a line, whatever service centre is before it."""
    try:
        octets = Octets(bytes.fromhex(line))
    except ValueError:
        raise PduError(f"no hexadecimal: {line[:80]!r}") from None
    decode_service_centre(octets)
    return octets.take(octets.left)
