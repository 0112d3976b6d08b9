"""Holds a sending to many of which a gateway refuses one message after the other: then it is the text, the signature or
the account that is at fault, and the rest would be lost the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
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
    failed = _COLUMNS.batch_id == batch_id, _COLUMNS.stage == MessageState.FAILED.value
    found: int | None = session.scalar(select(func.max(_COLUMNS.id)).where(*failed))
    return found


def _waits(session: Session, batch: SmsBatch) -> bool:
    queued = _COLUMNS.batch_id == batch.id, _COLUMNS.stage == MessageState.QUEUED.value
    return batch.next_page < batch.pages or _any(session, *queued)


def _all_refused(session: Session, batch: SmsBatch, gateway_id: int) -> bool:
    """They leave in the order in which they were made."""
    failed = _failed_last(session, batch, gateway_id)
    if len(failed) < MOST_REFUSED or any(reason != Reason.REFUSED for _, reason in failed):
        return False
    since = failed[-1][0]
    taken = (
        (MessageState.DELIVERED.value, MessageState.DELIVERED.value),
        (SENT_STAGE, MessageState.ACCEPTED.value),
        (MessageState.UNKNOWN.value, MessageState.UNKNOWN.value),
    )
    here = _COLUMNS.batch_id == batch.id, _COLUMNS.gateway_id == gateway_id, _COLUMNS.id > since
    return not any(_any(session, *here, _COLUMNS.stage == stage, _COLUMNS.state == state) for stage, state in taken)


def _failed_last(session: Session, batch: SmsBatch, gateway_id: int) -> Sequence[tuple[int, str]]:
    """Those that failed last at the gateway, newest first, of what was not looked at by anybody."""
    columns = _COLUMNS.id, _COLUMNS.reason
    failed = _COLUMNS.batch_id == batch.id, _COLUMNS.stage == MessageState.FAILED.value
    new = _COLUMNS.gateway_id == gateway_id, _COLUMNS.id > (batch.refused_until or 0)
    rows = session.execute(select(*columns).where(*failed, *new).order_by(_COLUMNS.id.desc()).limit(MOST_REFUSED))
    return [(row.id, row.reason) for row in rows]


def _any(session: Session, *which: ColumnElement[bool]) -> bool:
    return session.scalar(select(_COLUMNS.id).where(*which).limit(1)) is not None
