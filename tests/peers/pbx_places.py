"""What a PBX does with channels that are moved about: who is bridged with whom, and where whoever is left over goes.

As Asterisk does it with the dialplan extract of docs/devices/asterisk.md: the action Bridge remembers where a channel
waited and lets it go on there once the bridge is over; a channel that nothing waits for is hung up.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.peers.pbx import Leg, Pbx

CONTROL, NUMBERS = "huifang-control", "from-internal"


class RefusedError(Exception):
    """What the manager answers instead."""


def find(pbx: Pbx, name: str) -> Leg:
    leg = next((leg for leg in pbx.legs if leg.name == name), None)
    if leg is None:
        raise RefusedError(f"Channel does not exist: {name}")
    return leg


def redirect(pbx: Pbx, action: dict[str, str]) -> None:
    moves = [(find(pbx, action["Channel"]), action["Context"], action["Exten"])]
    if "ExtraChannel" in action:
        moves.append((find(pbx, action["ExtraChannel"]), action["ExtraContext"], action["ExtraExten"]))
    for _, context, exten in moves:
        if not exists(pbx, context, exten):
            raise RefusedError("Redirect failed")
    for leg, _, _ in moves:
        # Both are on their way before either's bridge is over.
        leg.place = leg.place or "moving"
    for leg, _, _ in moves:
        leave(pbx, leg)
    for leg, context, exten in moves:
        settle(pbx, leg, exten if context == CONTROL else "")
        if context == NUMBERS:
            pbx.sent_to.append((leg.name, exten))


def bridge(pbx: Pbx, action: dict[str, str]) -> None:
    legs = [find(pbx, action[key]) for key in ("Channel1", "Channel2")]
    if any(leg.bridge.startswith("conference-") for leg in legs):
        raise RefusedError(f"Unable to add Channel1 to bridge: {legs[0].name}")
    # Both are moved before anybody is left over.
    alone = [pbx.leave(leg) for leg in legs]
    pbx.bridge(*legs)
    for others in alone:
        left_over(pbx, [leg for leg in others if leg not in legs])


def exists(pbx: Pbx, context: str, exten: str) -> bool:
    if context == CONTROL:
        return re.fullmatch(r"hold|wait|third|meet\d+", exten) is not None
    return context == NUMBERS and exten not in pbx.unknown_numbers


def settle(pbx: Pbx, leg: Leg, place: str) -> None:
    """``leg`` waits at ``place``, or meets others there."""
    leg.place = place
    if place.startswith("meet"):
        pbx.enter(leg, f"conference-{place}", "softmix")
    elif place:
        pbx.enter(leg, f"holding-{place}", "holding_bridge")


def leave(pbx: Pbx, leg: Leg) -> None:
    """``leg`` leaves its bridge, which may be the end of it for the other."""
    left_over(pbx, [other for other in pbx.leave(leg) if other is not leg])


def left_over(pbx: Pbx, others: list[Leg]) -> None:
    """A bridge of two is over with either of them; a conference and a place to wait are not."""
    for other in others:
        if other.bridge.startswith(("holding-", "conference-")) or other.place == "moving":
            continue
        pbx.leave(other)
        if other.place == "wait":
            settle(pbx, other, "wait")
        elif other.place != "third":
            # The third party waits a moment, for whoever takes it.
            pbx.hang_up(other)
