"""Decides on one message that is due: sent now by which gateway in which parts, or what else becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from callcenter.messaging.gateways.choosing import Choosing
from callcenter.messaging.gateways.routing import Chosen, Route, Waits, Wanted
from callcenter.messaging.outbox.outcome import Missing, long_pause_after
from callcenter.messaging.rules.sending import SendingRules
from callcenter.messaging.rules.suppression import Facts, judge
from callcenter.messaging.texts.segments import Wording, length_handed_over, unwritable_signs
from callcenter.messaging.vocabulary import MessageState, Purpose, Reason
from protocols.sms import TextEncoding

NO_GATEWAY_PAUSE = timedelta(seconds=60)


class Due(NamedTuple):
    """A message that may be sent now. ``cost`` and ``attempts`` are what it took so far.

    ``only`` is the gateway that it must go by, if there is one; ``rather`` the one of its conversation. A gateway that
    can choose the number to send from takes ``sender``. Where that is empty, the conversation's gateway takes
    ``our_number``, the number that the patient wrote to there; no other gateway may send from it.
    """

    message_id: int
    batch_id: int | None
    number: str
    text: str
    purpose: Purpose
    patient_id: int | None
    only: int | None
    rather: int | None
    sender: str
    our_number: str
    cost: int
    attempts: int
    expires_at: datetime
    missing: Missing


@dataclass(frozen=True)
class Put:
    """It is not sent now: what its state is, why, and when it is looked at again. ``words`` say more of why; without,
    what a gateway said before stays.
    """

    state: MessageState
    reason: str
    next_at: datetime | None = None
    words: str = ""


Stop = Put | None
"""What becomes of a message of a batch that is stopped; None: it stays where it is."""


class Consigned(NamedTuple):
    """It goes by ``route``: ``parts`` are the positions that are sent, with their words, out of ``total``."""

    route: Route
    parts: Sequence[tuple[int, str]]
    total: int
    encoding: TextEncoding
    reference: int
    sender: str


def consign(due: Due, choosing: Choosing, rules: SendingRules, facts: Facts, now: datetime) -> Consigned | Put | None:
    """What becomes of ``due``; None: it stays where it is, for there is room in a moment.

    What the gateways of ``choosing`` take still is counted down; so are the messages of the day in ``facts``.
    """
    if due.expires_at <= now:
        return Put(MessageState.EXPIRED, Reason.TOO_LATE)
    if forbidden := _forbidden(due, rules, facts, now):
        return forbidden
    pinned = due.missing.pinned
    only = due.only if pinned is None else pinned
    unable = choosing.unable(due.text)
    wanted = Wanted(due.number, due.purpose, only, due.rather, due.missing.refused, due.missing.put_off, unable)
    found = choosing.choose(wanted)
    match found:
        case Waits():
            return _waits(due, found, now)
        case Chosen(route):
            # Only what was said against one signature can be otherwise now that it is known.
            signature = route.wording.signature if due.number in facts.opted_out else ""
            if signature and (forbidden := _forbidden(due, rules, facts, now, signature)):
                return forbidden
            return _laid_out(due, route, choosing, facts, now)


def _forbidden(due: Due, rules: SendingRules, facts: Facts, now: datetime, signature: str = "") -> Put | None:
    """What the rules say against it. Parts that are missing of a text that went out follow it whatever they say."""
    if due.missing.pinned is not None:
        return None
    judged = judge(rules, facts, due.number, due.patient_id, due.purpose, now, due.expires_at, signature)
    if judged.state is MessageState.QUEUED and not judged.reason:
        return None
    return Put(judged.state, judged.reason, judged.next_at)


def _waits(due: Due, waits: Waits, now: datetime) -> Put | None:
    if waits.soon:
        return None
    if waits.unable is not None:
        return _not_carried(due.text, waits.unable.wording)
    if not waits.never:
        return Put(MessageState.QUEUED, waits.reason, min(now + NO_GATEWAY_PAUSE, due.expires_at))
    if due.purpose is Purpose.TEST:
        return Put(MessageState.FAILED, waits.reason)
    return Put(MessageState.QUEUED, waits.reason, min(now + long_pause_after(due.attempts), due.expires_at))


def _not_carried(text: str, wording: Wording) -> Put:
    if signs := unwritable_signs(text, wording):
        return Put(MessageState.FAILED, Reason.UNWRITABLE, words=" ".join(signs))
    words = f"{length_handed_over(text, wording)} > {wording.longest_text}"
    return Put(MessageState.FAILED, Reason.TOO_LONG, words=words)


def _laid_out(due: Due, route: Route, choosing: Choosing, facts: Facts, now: datetime) -> Consigned | Put | None:
    layout, room = choosing.lay_out(due.text, route), choosing.room
    numbered = list(enumerate(layout.parts, 1))
    reference = (due.message_id + due.attempts) & 0xFF
    if due.missing.pinned is not None:
        if due.missing.total != len(numbered):
            # The gateway was set up otherwise meanwhile: what is missing cannot be told from what went out.
            return Put(MessageState.FAILED, Reason.PARTLY)
        numbered = [one for one in numbered if one[0] in due.missing.positions]
        reference = due.missing.reference
    left = room[route.gateway_id]
    # What is longer than all the room there is goes first in its turn; the gateway gives back what is too much.
    if len(numbered) > left and left < route.room:
        return None
    room[route.gateway_id] = max(0, left - len(numbered))
    facts.count(due.number, due.purpose, now)
    return Consigned(route, numbered, len(layout.parts), layout.encoding, reference, _sender(due, route))


def _sender(due: Due, route: Route) -> str:
    """The number that the patient sees; empty: the gateway's own."""
    if not route.picks_sender:
        return ""
    return due.sender or (due.our_number if route.gateway_id == due.rather else "")
