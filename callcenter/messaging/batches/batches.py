"""One text to many: sent once whatever is clicked again, and held, let go and cancelled while it is made and sent."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.alarms.kinds import AlarmKind
from callcenter.alarms.records import clear_alarm
from callcenter.errors import ConflictError, InvalidError
from callcenter.messaging.announce import announce_batches
from callcenter.messaging.batches.choices import Choice
from callcenter.messaging.batches.making import Sweep, author_of, sweep_some
from callcenter.messaging.batches.reach import BULK, NEEDED
from callcenter.messaging.batches.recipients import BatchDraft
from callcenter.messaging.batches.refusals import last_failed
from callcenter.messaging.batches.views import BatchView, find_batch, view_of
from callcenter.messaging.messages.composing import read_text, read_time
from callcenter.messaging.messages.sending import source_of
from callcenter.messaging.texts.kept_templates import keep_template
from callcenter.messaging.texts.placeholders import PLACEHOLDERS
from callcenter.messaging.vocabulary import TO_MANY, BatchState
from callcenter.placeholders import require_known
from callcenter.text import N_
from storage.models import SmsBatch, SmsBatchPage
from storage.models.base import table_of

_SUBJECT = "message_batch"


def checked(draft: BatchDraft, now: datetime) -> BatchDraft:
    """The draft as it is sent. Raises ``InvalidError`` for a text, purpose or time that cannot be."""
    text = read_text(draft.text)
    require_known({"text": text}, PLACEHOLDERS)
    if draft.purpose not in TO_MANY:
        message = N_(
            "To many goes a reminder, care or marketing: these keep to sending hours, the daily limit and "
            "do-not-contact. A notice goes to one person."
        )
        raise InvalidError(message, {"purpose": message})
    at = read_time(draft.at, now)
    if draft.expires_at is not None and draft.expires_at <= (at or now):
        message = N_("It would expire before it could be sent.")
        raise InvalidError(message, {"expires_at": message})
    return BatchDraft(text, draft.purpose, draft.title, at, draft.expires_at, draft.template_id)


def sent_before(
    session: Session, principal: Principal, draft: BatchDraft, choice: Choice, key: str
) -> BatchView | None:
    """What the same form made already. Raises ``ConflictError`` with its ``batch_id`` if that was something else."""
    found = session.scalar(select(SmsBatch).where(SmsBatch.source == source_of(principal, key)))
    if found is None:
        return None
    mark = _mark(draft, choice)
    if (found.choice or {}).get("mark", mark) != mark:
        message = N_(
            "This was sent already, with another text or to others. Look at what was sent before you send more."
        )
        raise ConflictError(message, batch_id=found.id)
    return view_of(session, found)


def begin_batch(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    choice: Choice,
    pages: Sequence[Sequence[Any]],
    key: str,
    now: datetime,
) -> BatchView:
    """Write down what is to be sent and to whom; the messages are made by and by. Twice with a ``key`` is once.

    ``pages`` are those of ``load_members``.
    """
    for permission in NEEDED:
        principal.require(permission)
    if (before := sent_before(session, principal, draft, choice, key)) is not None:
        return before
    ready = checked(draft, now)
    chosen = sum(map(len, pages))
    template = keep_template(session, principal, ready.template_id)
    kept = choice.kept | {"mark": _mark(draft, choice)}
    batch = SmsBatch(
        title=ready.title, purpose=ready.purpose.value, text=ready.text, total=0, not_before=ready.at,
        expires_at=ready.expires_at, created_at=now, created_by=principal.user_id, state=BatchState.PREPARING.value,
        source=source_of(principal, key), choice=kept, chosen=chosen, pages=len(pages), left_out={},
        template_id=template and template.id, template_name="" if template is None else template.name,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    rows = [{"batch_id": batch.id, "place": place, "members": list(page)} for place, page in enumerate(pages)]
    session.execute(table_of(SmsBatchPage).insert(), rows)
    after = {"title": ready.title, "purpose": ready.purpose.value, "count": chosen}
    record_audit(session, principal, "send-batch", _SUBJECT, batch.id, None, after, now)
    announce_batches(session, {batch.id})
    return view_of(session, batch)


def pause_batch(session: Session, principal: Principal, batch_id: int, now: datetime) -> BatchView:
    """Make nothing more, and keep what waits from leaving until it is continued. Twice does no harm."""
    batch = find_batch(session, principal, batch_id, BULK, lock=True)
    if batch.state == BatchState.CANCELLED.value:
        raise ConflictError(N_("This sending was cancelled."))
    if batch.state != BatchState.PAUSED.value:
        batch.state, batch.reason = BatchState.PAUSED.value, ""
        _take_hold(session, batch, Sweep.HOLD, now)
        record_audit(session, principal, "pause-batch", _SUBJECT, batch_id, None, None, now)
    return view_of(session, batch)


def continue_batch(session: Session, principal: Principal, batch_id: int, now: datetime) -> BatchView:
    """Go on from where it was held. Raises ``ConflictError`` as long as whoever sends it may not."""
    batch = find_batch(session, principal, batch_id, BULK, lock=True)
    if batch.state == BatchState.CANCELLED.value:
        raise ConflictError(N_("This sending was cancelled."))
    if batch.state == BatchState.PAUSED.value:
        left = batch.next_page < batch.pages
        if left and author_of(session, batch) is None:
            raise ConflictError(N_("The sender may no longer send it. Cancel it and send again to the rest."))
        batch.state, batch.reason = (BatchState.PREPARING if left else BatchState.DONE).value, ""
        # Whoever continues has seen what was refused: only what is refused from now on holds it again.
        batch.refused_until = last_failed(session, batch_id)
        clear_alarm(session, AlarmKind.SENDING_HALTED, str(batch_id), now)
        _take_hold(session, batch, Sweep.RELEASE, now)
        record_audit(session, principal, "continue-batch", _SUBJECT, batch_id, None, None, now)
    return view_of(session, batch)


def cancel_batch(session: Session, principal: Principal, batch_id: int, now: datetime) -> BatchView:
    """Nothing more is made, whatever waits stays here; what has left cannot be called back. Twice does no harm."""
    batch = find_batch(session, principal, batch_id, BULK, lock=True)
    if batch.cancelled_at is None:
        batch.state, batch.reason, batch.cancelled_at = BatchState.CANCELLED.value, "", now
        clear_alarm(session, AlarmKind.SENDING_HALTED, str(batch_id), now)
        record_audit(session, principal, "cancel-batch", _SUBJECT, batch_id, None, None, now)
    _take_hold(session, batch, Sweep.CANCEL, now)
    return view_of(session, batch)


def _mark(draft: BatchDraft, choice: Choice) -> str:
    """By which it is told whether the same was asked for: what they read, when, and who; none can be read from it."""
    chosen = None if choice.patient_ids is None else list(choice.patient_ids)
    fields = None if choice.fields is None else dict(choice.fields)
    times = [None if at is None else at.timestamp() for at in (draft.at, draft.expires_at)]
    asked = [draft.text, draft.purpose.value, times, chosen, fields, choice.list_id]
    return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:32]


def _take_hold(session: Session, batch: SmsBatch, sweep: Sweep, now: datetime) -> None:
    """Begin at once: a small batch is held when the answer comes, of a large one the rest follows."""
    batch.sweep, batch.swept = sweep.value, 0
    session.flush()
    sweep_some(session, batch.id, now)
