"""Which batches nothing may leave of, asked at the last moment: what comes back from a gateway has no other stop."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callcenter.messaging.outbox.consigning import Put, Stop
from callcenter.messaging.vocabulary import BatchState, MessageState, Reason
from storage.bulk import Keyed
from storage.models import SmsBatch
from storage.models.base import table_of

CANCELLED = Put(MessageState.CANCELLED, Reason.BY_PERSON)
HELD = Put(MessageState.QUEUED, Reason.PAUSED)
"""Nothing looks at it again until the batch goes on."""
_BATCH = table_of(SmsBatch).c
_STOPPED = Keyed(
    lambda among: select(_BATCH.id, _BATCH.state).where(
        among(_BATCH.id), or_(_BATCH.state == BatchState.CANCELLED.value, _BATCH.state == BatchState.PAUSED.value)
    )
)


def load_stops(session: Session, ids: Iterable[int]) -> Mapping[int, Stop]:
    """Batch → what becomes of its messages instead of being sent. Batches that go on are missing.

    A paused batch is locked until the commit. Otherwise it could be continued at the same moment, and a message that is
    put on hold here would stay on hold for ever, since the sweep has passed it. A batch that another transaction has
    locked is being swept: its messages stay where they are (None). Waiting for it would be a deadlock, because messages
    are locked by now.
    """
    found: dict[int, Stop] = {}
    paused: list[int] = []
    for key, state in _STOPPED.rows(session, sorted(set(ids))):
        if state == BatchState.CANCELLED.value:
            found[key] = CANCELLED
        else:
            paused.append(key)
    return found | _held(session, paused)


def _held(session: Session, paused: list[int]) -> dict[int, Stop]:
    if not paused:
        return {}
    still = select(_BATCH.id, _BATCH.state).where(_BATCH.id.in_(paused)).with_for_update(skip_locked=True)
    found: dict[int, Stop] = dict.fromkeys(paused)
    for key, state in session.execute(still):
        if state == BatchState.PAUSED.value:
            found[key] = HELD
    return found
