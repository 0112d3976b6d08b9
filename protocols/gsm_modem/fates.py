"""What the status of a report means (TP-ST, 3GPP TS 23.040, section 9.2.3.15)."""

from __future__ import annotations

from protocols.sms import Fate

_WORDS = {
    0x00: "received",
    0x01: "forwarded, delivery not confirmed",
    0x02: "replaced",
    0x20: "congestion",
    0x21: "recipient busy",
    0x22: "no response from the recipient",
    0x23: "service rejected",
    0x24: "quality of service not available",
    0x25: "error in the recipient",
    0x40: "remote procedure error",
    0x41: "incompatible destination",
    0x42: "connection rejected",
    0x43: "not obtainable",
    0x44: "quality of service not available",
    0x45: "no interworking",
    0x46: "validity period expired",
    0x47: "deleted by the sender",
    0x48: "deleted by the service centre",
    0x49: "does not exist",
}
_GAVE_UP, _LIKE_TRYING = range(0x60, 0x80), 0x40


def fate_of(status: int) -> Fate:
    """What became of the message."""
    if status < 0x20:
        return Fate.DELIVERED
    if status < 0x40:
        return Fate.UNDER_WAY
    return Fate.FAILED if status < 0x80 else Fate.UNCERTAIN


def words_of_status(status: int) -> str:
    """The document's words, empty where it has none. Giving up has the same causes as trying."""
    cause = status - _LIKE_TRYING if status in _GAVE_UP else status
    words = _WORDS.get(cause, "")
    return f"gave up: {words}" if words and status in _GAVE_UP else words
