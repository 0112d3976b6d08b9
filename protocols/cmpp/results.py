"""What a CMPP gateway's results and states mean (QB-GF-028-2003, sections 7.4.1.2, 7.4.3.2 and 7.4.5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.sayings import N_
from protocols.sms import Fate, Refusal

FLOW_CONTROL = 8
VERSION_TOO_HIGH = 4

SIGN_IN: Mapping[int, str] = {
    1: N_("structure of the message"),
    2: N_("source address"),
    3: N_("authentication"),
    4: N_("version too high"),
    5: N_("other error"),
}
_RESULTS: Mapping[int, tuple[Refusal, str]] = {
    1: (Refusal.GATEWAY, N_("structure of the message")),
    2: (Refusal.GATEWAY, N_("command")),
    3: (Refusal.LATER, N_("sequence number repeated")),
    4: (Refusal.GATEWAY, N_("length of the message")),
    5: (Refusal.GATEWAY, N_("fee code")),
    6: (Refusal.NEVER, N_("too long")),
    7: (Refusal.GATEWAY, N_("service code")),
    FLOW_CONTROL: (Refusal.LATER, N_("flow control")),
    9: (Refusal.GATEWAY, N_("fee number is not of this gateway")),
    10: (Refusal.GATEWAY, N_("Src_Id")),
    11: (Refusal.GATEWAY, N_("Msg_src")),
    12: (Refusal.GATEWAY, N_("Fee_terminal_Id")),
    13: (Refusal.NEVER, N_("Dest_terminal_Id")),
}
WORDS = frozenset({*SIGN_IN.values(), *(words for _, words in _RESULTS.values())})
"""All that the document says of results."""
_FATES: Mapping[str, Fate] = {
    "DELIVRD": Fate.DELIVERED,
    "ACCEPTD": Fate.UNDER_WAY,
    "UNKNOWN": Fate.UNCERTAIN,
    "": Fate.UNCERTAIN,
}


def refusal(result: int) -> tuple[Refusal, str]:
    """What a result other than 0 means. One that only this gateway knows says nothing about the others."""
    return _RESULTS.get(result, (Refusal.GATEWAY, ""))


def fate(state: str) -> Fate:
    """What a state means. ``EXPIRED``, ``DELETED``, ``UNDELIV``, ``REJECTD``, ``MA:0001`` and the like are failures."""
    return _FATES.get(state.strip().upper(), Fate.FAILED)
