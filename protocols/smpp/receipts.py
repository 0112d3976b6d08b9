"""What became of a message: optional parameters, and the text that every gateway writes a little differently.

SMPP 3.4, appendix B; message_state is section 5.2.28.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from protocols.smpp.messages import ShortMessage, Tag
from protocols.sms import Fate

_TEXT = re.compile(rb"\btext:", re.IGNORECASE)
_FIELDS = {
    name: re.compile(rb"\b" + pattern, re.IGNORECASE)
    for name, pattern in {
        "id": rb"id: ?([!-~]{1,65})",
        "state": rb"stat(?:us)?: ?([A-Za-z]{1,20})",
        "error": rb"err: ?([0-9A-Za-z]{1,20})",
        "done": rb"done(?: ?date)?: ?([0-9]{10,12})",
    }.items()
}
_STATES = {
    1: ("ENROUTE", Fate.UNDER_WAY),
    2: ("DELIVRD", Fate.DELIVERED),
    3: ("EXPIRED", Fate.FAILED),
    4: ("DELETED", Fate.FAILED),
    5: ("UNDELIV", Fate.FAILED),
    6: ("ACCEPTD", Fate.UNDER_WAY),
    7: ("UNKNOWN", Fate.UNCERTAIN),
    8: ("REJECTD", Fate.FAILED),
}
_FATES: Mapping[str, Fate] = {
    **dict(_STATES.values()),
    "DELIVERED": Fate.DELIVERED,
    "ACCEPTED": Fate.UNDER_WAY,
    "BUFFERED": Fate.UNDER_WAY,
    "SCHEDULED": Fate.UNDER_WAY,
    "": Fate.UNCERTAIN,
}


class Told(NamedTuple):
    """``message_id`` as it is written there; what is not told is empty."""

    message_id: bytes
    state: str
    fate: Fate
    error: str
    done: str


def read_receipt(message: ShortMessage) -> Told:
    """What a receipt tells. The optional parameters are more to be trusted than the text. Never raises."""
    words = message.words
    end = _TEXT.search(words)
    found = {name: _found(pattern, words[: end.start()] if end else words) for name, pattern in _FIELDS.items()}
    message_id = message.options.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0") or found["id"]
    state = found["state"].decode("ascii").upper()
    fate = _FATES.get(state, Fate.FAILED)
    told = message.options.get(Tag.MESSAGE_STATE, b"")
    if len(told) == 1 and told[0] in _STATES:
        name, fate = _STATES[told[0]]
        state = state or name
    error = found["error"].decode("ascii")
    return Told(message_id, state, fate, error if error.strip("0") else "", found["done"].decode("ascii"))


def _found(pattern: re.Pattern[bytes], words: bytes) -> bytes:
    match = pattern.search(words)
    return match[1] if match else b""
