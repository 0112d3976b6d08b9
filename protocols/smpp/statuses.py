"""What ``command_status`` means for a message and for a sign-in (SMPP 3.4, section 5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.smpp.messages import Status
from protocols.sms import Refusal

THROTTLES = frozenset({Status.QUEUE_FULL, Status.THROTTLED})
_WORDS: Mapping[int, str] = {
    0x01: "message length",
    0x02: "command length",
    0x03: "command id",
    0x04: "bind status",
    0x05: "already bound",
    0x08: "system error",
    0x0A: "source address",
    0x0B: "destination address",
    0x0D: "bind failed",
    0x0E: "password",
    0x0F: "system id",
    0x14: "queue full",
    0x45: "submit failed",
    0x48: "source TON",
    0x49: "source NPI",
    0x50: "destination TON",
    0x51: "destination NPI",
    0x53: "system type",
    0x58: "throttled",
    0x61: "scheduled delivery time",
    0x62: "validity period",
    0x64: "temporary error",
    0x65: "permanent error",
    0x66: "refused",
}
_LATER = frozenset({0x04, Status.SYSTEM_ERROR, Status.SUBMIT_FAILED, Status.TEMPORARY, *THROTTLES})
_NEVER = frozenset({0x01, Status.BAD_DESTINATION, 0x65, 0x66})


def refusal(status: int) -> Refusal:
    """What a status other than 0 means for a message. One that is not known says nothing about other gateways."""
    if status in _LATER:
        return Refusal.LATER
    return Refusal.NEVER if status in _NEVER else Refusal.GATEWAY


def words(status: int) -> str:
    """The specification's words, or none."""
    return _WORDS.get(status, "")


def code(status: int) -> str:
    """As the specification writes it."""
    return f"0x{status:02X}"
