"""What becomes of a message, given what became of its parts. Pure.

Every part of every attempt has its own state; a part counts as delivered if any attempt at it was. A message that went
out in part is completed at the same gateway, with the parts that are missing only: the phone joins them by their
reference, and nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from callcenter.messaging.vocabulary import MessageState, PartState, Reason
from protocols.sms import with_code


class Tried(NamedTuple):
    """One part of one attempt, as it stands in ``sms_attempt``. ``at``: when it was answered."""

    attempt: int
    position: int
    total: int
    gateway_id: int
    state: PartState
    reference: int = 0
    code: str = ""
    words: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Verdict:
    """Where the message stands. While it is queued again, ``later``: after a pause, and not at once."""

    state: MessageState
    reason: str = ""
    words: str = ""
    later: bool = False


REFUSED_FOR = timedelta(minutes=10)
"""For so long a gateway that would not take a message is not asked again for it: credit can be bought meanwhile."""
_PAUSES = (5, 15, 30, 60, 120, 300)


def pause_after(attempts: int) -> timedelta:
    """How long a message that was refused for now waits after so many attempts."""
    return timedelta(seconds=_PAUSES[min(max(attempts, 1), len(_PAUSES)) - 1])


def long_pause_after(attempts: int) -> timedelta:
    """How long one waits that no gateway would take: from ten minutes up to two hours."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 4)
    return min(REFUSED_FOR * doubled, timedelta(hours=2))


_WENT = frozenset({PartState.ACCEPTED, PartState.DELIVERED, PartState.FAILED, PartState.UNKNOWN, PartState.UNCERTAIN})
_AGAIN = frozenset({PartState.UNSENT, PartState.LATER, PartState.GIVEN_UP})


def standing(tried: Sequence[Tried]) -> dict[int, Tried]:
    """Position → what counts of all attempts at it: a delivery, else the last one."""
    found: dict[int, Tried] = {}
    for one in sorted(tried, key=lambda each: each.attempt):
        before = found.get(one.position)
        if before is None or before.state is not PartState.DELIVERED:
            found[one.position] = one
    return found


def verdict(tried: Sequence[Tried]) -> Verdict:
    """What follows for the message of these parts, at least one."""
    parts = standing(tried)
    by_state: dict[PartState, Tried] = {}
    for one in parts.values():
        by_state.setdefault(one.state, one)
    if PartState.SENDING in by_state:
        return Verdict(MessageState.SENDING)
    went = bool(_WENT & by_state.keys())
    if failed := by_state.get(PartState.FAILED):
        return Verdict(MessageState.FAILED, Reason.NOT_DELIVERED, told(failed))
    if refused := by_state.get(PartState.REFUSED):
        return Verdict(MessageState.FAILED, Reason.PARTLY if went else Reason.REFUSED, told(refused))
    if (elsewhere := by_state.get(PartState.ELSEWHERE)) and went:
        return Verdict(MessageState.FAILED, Reason.PARTLY, told(elsewhere))
    if PartState.UNKNOWN in by_state:
        return Verdict(MessageState.UNKNOWN, Reason.NO_ANSWER, told(by_state[PartState.UNKNOWN]))
    if elsewhere:
        return Verdict(MessageState.QUEUED, Reason.GATEWAY_REFUSED, told(elsewhere))
    return _unfinished(parts, by_state)


def _unfinished(parts: dict[int, Tried], by_state: dict[PartState, Tried]) -> Verdict:
    if later := by_state.get(PartState.LATER):
        return Verdict(MessageState.QUEUED, Reason.REFUSED_LATER, told(later), later=True)
    if PartState.UNSENT in by_state:
        return Verdict(MessageState.QUEUED, Reason.UNSENT)
    if PartState.GIVEN_UP in by_state:
        return Verdict(MessageState.QUEUED, Reason.RESENT)
    if uncertain := by_state.get(PartState.UNCERTAIN):
        return Verdict(MessageState.UNKNOWN, Reason.UNCERTAIN, told(uncertain))
    if all(one.state is PartState.DELIVERED for one in parts.values()):
        return Verdict(MessageState.DELIVERED)
    return Verdict(MessageState.ACCEPTED)


@dataclass(frozen=True)
class Missing:
    """What the next attempt has to send. ``pinned``: parts went out by this gateway with ``reference``, so the missing
    ``positions`` must follow them there, out of ``total``. Else everything is sent anew. ``refused``: gateways that
    said no. ``put_off``: those that said not now.
    """

    attempt: int
    refused: Collection[int] = ()
    pinned: int | None = None
    reference: int = 0
    positions: Collection[int] = ()
    total: int = 0
    put_off: Collection[int] = ()


def missing(tried: Sequence[Tried], now: datetime) -> Missing:
    """What is to be sent of a message that is queued."""
    attempt = max((one.attempt for one in tried), default=0) + 1
    lately = now - REFUSED_FOR
    refused = {
        one.gateway_id for one in tried if one.state is PartState.ELSEWHERE and (one.at is None or one.at > lately)
    }
    parts = standing(tried)
    out = [one for one in parts.values() if one.state in _WENT]
    if not out:
        return Missing(attempt, refused, put_off={one.gateway_id for one in tried if one.state is PartState.LATER})
    positions = {position for position, one in parts.items() if one.state in _AGAIN}
    return Missing(attempt, refused, out[0].gateway_id, out[0].reference, positions, out[0].total)


def told(part: Tried) -> str:
    """The gateway's own words with its code."""
    return with_code(part.words, part.code)
