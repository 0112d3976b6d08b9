"""Holds a sending to many of which a gateway refuses one message after the other: then it is the text, the signature or
the account that is at fault, and the rest would be lost the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from callcenter.messaging.batches.making import Halt, halt
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.vocabulary import SENT_STAGE, BatchState, MessageState, Reason
from storage.models import SmsBatch

MOST_REFUSED = 20
"""With so many in a row refused by one gateway, which took none in between, somebody has to look first."""
_COLUMNS = MESSAGE.c


def halt_refused(session: Session, refused: Iterable[tuple[int, int]], now: datetime) -> None:
    """Pause the batches of which nothing but refusals came back from a gateway lately and something waits still.
    ``refused``: batches, each with a gateway that has just refused a message of it.

    Others may take theirs: by the beginning of its number each gateway may have patients of its own.

    For whoever holds messages: a batch that another transaction has is left alone, for waiting could be a deadlock. The
    next refusal looks again.
    """
    going = SmsBatch.state.in_((BatchState.PREPARING.value, BatchState.DONE.value))
    for batch_id, gateway_id in sorted(refused):
        mine = select(SmsBatch).where(SmsBatch.id == batch_id, going).with_for_update(skip_locked=True)
        batch = session.scalar(mine)
        if batch is not None and _waits(session, batch) and _all_refused(session, batch, gateway_id):
            halt(session, batch, Halt.REFUSED, now)


def last_failed(session: Session, batch_id: int) -> int | None:
    """The message that failed and was made last; None: none did."""
    return next((row.id for row in _newest(session, batch_id, MessageState.FAILED)), None)


def _waits(session: Session, batch: SmsBatch) -> bool:
    return batch.next_page < batch.pages or bool(_newest(session, batch.id, MessageState.QUEUED))


def _all_refused(session: Session, batch: SmsBatch, gateway_id: int) -> bool:
    """They leave in the order in which they were made."""
    here, new = _COLUMNS.gateway_id == gateway_id, _COLUMNS.id > (batch.refused_until or 0)
    failed = _newest(session, batch.id, MessageState.FAILED, here, new, most=MOST_REFUSED)
    if len(failed) < MOST_REFUSED or any(row.reason != Reason.REFUSED for row in failed):
        return False
    taken = (
        (MessageState.DELIVERED, MessageState.DELIVERED),
        (SENT_STAGE, MessageState.ACCEPTED),
        (MessageState.UNKNOWN, MessageState.UNKNOWN),
    )
    since = here, _COLUMNS.id > failed[-1].id
    return not any(_newest(session, batch.id, stage, *since, _COLUMNS.state == state.value) for stage, state in taken)


def _newest(
    session: Session, batch_id: int, stage: str, *which: ColumnElement[bool], most: int = 1
) -> Sequence[Row[Any, Any]]:
    """Id and reason of those messages of a batch in a stage of which ``which`` is true, newest first."""
    # In the order of ids alone PostgreSQL may look for them among all messages, and in none it may read all of these.
    here = _COLUMNS.batch_id == batch_id, _COLUMNS.stage.between(str(stage), str(stage))
    found = select(_COLUMNS.id, _COLUMNS.reason).where(*here, *which)
    return session.execute(found.order_by(_COLUMNS.stage.desc(), _COLUMNS.id.desc()).limit(most)).all()
