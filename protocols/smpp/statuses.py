"""What ``command_status`` means for a message and for a sign-in (SMPP 3.4, section 5.1.3)."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.sayings import N_
from protocols.smpp.messages import Status
from protocols.sms import Refusal

THROTTLES = frozenset({Status.QUEUE_FULL, Status.THROTTLED})
_WORDS: Mapping[int, str] = {
    0x01: N_("message length"),
    0x02: N_("command length"),
    0x03: N_("command id"),
    0x04: N_("bind status"),
    0x05: N_("already bound"),
    0x08: N_("system error"),
    0x0A: N_("source address"),
    0x0B: N_("destination address"),
    0x0D: N_("bind failed"),
    0x0E: N_("password"),
    0x0F: N_("system id"),
    0x14: N_("queue full"),
    0x45: N_("submit failed"),
    0x48: N_("source TON"),
    0x49: N_("source NPI"),
    0x50: N_("destination TON"),
    0x51: N_("destination NPI"),
    0x53: N_("system type"),
    0x58: N_("throttled"),
    0x61: N_("scheduled delivery time"),
    0x62: N_("validity period"),
    0x64: N_("temporary error"),
    0x65: N_("permanent error"),
    0x66: N_("refused"),
}
WORDS = frozenset(_WORDS.values())
"""All that the specification says of statuses."""
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
