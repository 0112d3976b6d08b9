"""What a CMPP gateway's results and states mean (QB-GF-028-2003, sections 7.4.1.2, 7.4.3.2 and 7.4.5.1)."""

from __future__ import annotations

from collections.abc import Mapping

from protocols.sms import Fate, Refusal

FLOW_CONTROL = 8
VERSION_TOO_HIGH = 4

SIGN_IN: Mapping[int, str] = {
    1: "structure of the message",
    2: "source address",
    3: "authentication",
    4: "version too high",
    5: "other error",
}
_RESULTS: Mapping[int, tuple[Refusal, str]] = {
    1: (Refusal.GATEWAY, "structure of the message"),
    2: (Refusal.GATEWAY, "command"),
    3: (Refusal.LATER, "sequence number repeated"),
    4: (Refusal.GATEWAY, "length of the message"),
    5: (Refusal.GATEWAY, "fee code"),
    6: (Refusal.NEVER, "too long"),
    7: (Refusal.GATEWAY, "service code"),
    FLOW_CONTROL: (Refusal.LATER, "flow control"),
    9: (Refusal.GATEWAY, "fee number is not of this gateway"),
    10: (Refusal.GATEWAY, "Src_Id"),
    11: (Refusal.GATEWAY, "Msg_src"),
    12: (Refusal.GATEWAY, "Fee_terminal_Id"),
    13: (Refusal.NEVER, "Dest_terminal_Id"),
}
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
