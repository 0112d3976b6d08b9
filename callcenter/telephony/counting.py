"""Which calls count as what: one place for the wallboard, the reports, and the lists that they lead to.

A caller who is transferred to another agent has a call record at each. They came in, waited and were answered once, at
the first; each agent's part is handled and has its talk time. One whom nobody takes after that is given up there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, or_

from callcenter.telephony.effects import EndReason
from callcenter.telephony.settings import TelephonySettings
from storage.models import CallRecord
from storage.models.base import YES
from storage.queries.durations import seconds_between


class Counted(StrEnum):
    """A count of calls; its definition is ``conditions``."""

    INCOMING = "incoming"
    """One caller rings several telephones: the call counts where it was answered, not where it rang in vain. One who is
    transferred counts where they came in, not where they are taken over.
    """
    OUTGOING = "outgoing"
    ANSWERED = "answered"
    IN_TIME = "in_time"
    """Answered within the seconds of the service level."""
    ABANDONED = "abandoned"
    """Given up. A caller who met a busy line never rang, and the queue did not lose them."""
    SHORT_ABANDONED = "short_abandoned"
    LOST = "lost"
    """Given up, but not at once."""
    OFFERED = "offered"
    """What the service level is a share of: answered, or lost."""
    MISSED = "missed"
    """Nobody spoke: given up, or met a busy line."""
    HANDLED = "handled"
    """Somebody spoke, and for how long is known: of a conversation whose end nobody saw it is not. Of one that was
    transferred each agent's part.
    """


def conditions(settings: TelephonySettings) -> Mapping[Counted, ColumnElement[bool]]:
    """The condition on ``CallRecord`` for each count."""
    not_because = CallRecord.end_reason.is_(None)
    incoming = and_(
        CallRecord.direction == "in",
        or_(not_because, CallRecord.end_reason != EndReason.ELSEWHERE.value),
        CallRecord.transferred_from_id.is_(None),
    )
    answered = and_(incoming, CallRecord.answered_at.is_not(None))
    missed = and_(incoming, CallRecord.missed == YES)
    abandoned = and_(missed, or_(not_because, CallRecord.end_reason != EndReason.BUSY.value))
    rang = seconds_between(CallRecord.started_at, CallRecord.ended_at)
    lost = and_(abandoned, or_(CallRecord.ended_at.is_(None), rang >= settings.short_abandon_seconds))
    return {
        Counted.INCOMING: incoming,
        Counted.OUTGOING: CallRecord.direction == "out",
        Counted.ANSWERED: answered,
        Counted.IN_TIME: and_(answered, settings.service_level_seconds >= WAIT),
        Counted.ABANDONED: abandoned,
        Counted.SHORT_ABANDONED: and_(abandoned, rang < settings.short_abandon_seconds),
        Counted.LOST: lost,
        Counted.OFFERED: or_(answered, lost),
        Counted.MISSED: missed,
        Counted.HANDLED: and_(
            CallRecord.answered_at.is_not(None),
            CallRecord.ended_at.is_not(None),
            CallRecord.agent_id.is_not(None),
            CallRecord.end_reason != EndReason.UNKNOWN.value,
        ),
    }


WAIT = seconds_between(CallRecord.started_at, CallRecord.answered_at)
"""From the first sign of a call to its answer, in seconds."""

TALK = seconds_between(CallRecord.answered_at, CallRecord.ended_at)
"""How long somebody spoke, in seconds."""
