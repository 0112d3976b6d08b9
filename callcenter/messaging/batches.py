"""One text to many: who gets it is shown first, and sent once whatever is clicked again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.errors import InvalidError, NotFoundError
from callcenter.messaging.announce import announce_batches
from callcenter.messaging.cancelling import cancel_queued
from callcenter.messaging.composing import House, read_text, read_time, warnings_about
from callcenter.messaging.placeholders import require_known
from callcenter.messaging.queueing import MessageDraft, queue_messages
from callcenter.messaging.recipients import BatchDraft, Chosen, Obstacle, Recipient, choose_recipients
from callcenter.messaging.rows import DONE, OUT
from callcenter.messaging.sending import source_of
from callcenter.messaging.threads import LAST_TEXT
from callcenter.messaging.vocabulary import OF_THE_HOUSE, MessageState, Purpose
from callcenter.paging import page_of
from callcenter.text import N_
from storage.models import Conversation, SmsBatch, SmsMessage, UserAccount
from storage.queries.paging import Page, Stretch

_CHUNK = 500
_SAMPLE = 3
_SUBJECT = "message_batch"

BatchView = dict[str, Any]


def preview_batch(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    patient_ids: Sequence[int],
    house: House,
    now: datetime,
) -> tuple[BatchView, Sequence[Recipient]]:
    """Who would get it, with the first texts as they are read; and of the others who and why. Changes nothing."""
    principal.require("messages.bulk")
    checked = _checked(draft, now)
    chosen = choose_recipients(session, principal, checked, patient_ids, house, now)
    sample = chosen.fit[0].text if chosen.fit else checked.text
    return told(chosen) | {"warnings": warnings_about(session, checked.text, sample, checked.purpose)}, chosen.fit


def send_batch(
    session: Session,
    principal: Principal,
    draft: BatchDraft,
    patient_ids: Sequence[int],
    key: str,
    house: House,
    now: datetime,
) -> BatchView:
    """Write a message for each who can get one, in one transaction; sent again with its ``key`` it gives what was made.

    Raises ``InvalidError`` when nobody can get it.
    """
    principal.require("messages.bulk")
    source = source_of(principal, key)
    made = _made_before(session, source)
    if made is not None:
        return _view_of(session, made) | {"refused": [], "sample": []}
    checked = _checked(draft, now)
    chosen = choose_recipients(session, principal, checked, patient_ids, house, now)
    if not chosen.fit:
        message = N_("None of these patients can get this message.")
        raise InvalidError(message, {"patient_ids": message})
    batch = SmsBatch(
        title=checked.title, purpose=checked.purpose.value, text=checked.text, total=len(chosen.fit),
        not_before=checked.at, expires_at=checked.expires_at, created_at=now, created_by=principal.user_id,
    )  # fmt: skip
    session.add(batch)
    session.flush()
    threads = _threads(session, chosen.fit, now)
    queue_messages(session, _drafts(chosen, checked, batch.id, threads, source, principal), now)
    after = {"title": checked.title, "purpose": checked.purpose.value, "count": len(chosen.fit)}
    record_audit(session, principal, "send-batch", _SUBJECT, batch.id, None, after, now)
    return _view_of(session, batch) | {name: value for name, value in told(chosen).items() if name != "count"}


def cancel_batch(session: Session, principal: Principal, batch_id: int, now: datetime) -> BatchView:
    """Whatever of it has not left stays here; what has left cannot be called back. Twice does no harm."""
    scope = _batch_scope(principal), _batch_scope(principal, "messages.bulk")
    batch = session.scalar(select(SmsBatch).where(SmsBatch.id == batch_id, *scope).with_for_update())
    if batch is None:
        raise NotFoundError(N_("There is no such sending, or you may not see it."), batch_id=batch_id)
    stopped = cancel_queued(session, now, SmsMessage.batch_id == batch_id)
    if stopped or batch.cancelled_at is None:
        batch.cancelled_at = now
        record_audit(session, principal, "cancel-batch", _SUBJECT, batch_id, None, {"count": stopped}, now)
    session.flush()
    announce_batches(session, {batch_id})
    return _view_of(session, batch)


def told(chosen: Chosen) -> BatchView:
    """How many get it, who do not and why, and what some of them read."""
    reasons = {str(obstacle): sum(one is obstacle for one in chosen.refused.values()) for obstacle in Obstacle}
    return {
        "count": len(chosen.fit),
        "waiting": sum(bool(one.waits) for one in chosen.fit),
        "sample": [{"name": one.name, "text": one.text} for one in chosen.fit[:_SAMPLE]],
        "refused": [
            {"patient_id": key, "name": "", "record_number": "", **chosen.known.get(key, {}), "why": str(why)}
            for key, why in chosen.refused.items()
        ],
        "reasons": {why: count for why, count in reasons.items() if count},
    }


def list_batches(session: Session, principal: Principal, limit: int, cursor: str | None) -> Page[BatchView]:
    """What was sent to many, newest first: one's own, or everybody's for whoever sees all messages."""
    newest = Stretch((SmsBatch.created_at, SmsBatch.id), descending=True)
    statement = select(SmsBatch).where(_batch_scope(principal))
    page = page_of(lambda part: session.scalars(part).all(), statement, [newest], limit, cursor)
    return Page([_view_of(session, one) for one in page.items], page.next)


def get_batch(session: Session, principal: Principal, batch_id: int) -> BatchView:
    """One of them, with how many of its messages are where."""
    batch = session.scalar(select(SmsBatch).where(SmsBatch.id == batch_id, _batch_scope(principal)))
    if batch is None:
        raise NotFoundError(N_("There is no such sending, or you may not see it."), batch_id=batch_id)
    return _view_of(session, batch)


def _batch_scope(principal: Principal, permission: str = "messages.view") -> ColumnElement[bool]:
    """One's own; those of everybody in the department, and of all, as the permission reaches."""
    scope = principal.require(permission)
    if scope is Scope.ALL:
        return true()
    mine = SmsBatch.created_by == principal.user_id
    if scope is Scope.OWN or principal.department_id is None:
        return mine
    colleagues = select(UserAccount.id).where(UserAccount.department_id == principal.department_id)
    return or_(mine, SmsBatch.created_by.in_(colleagues))


def _checked(draft: BatchDraft, now: datetime) -> BatchDraft:
    text = read_text(draft.text)
    require_known(text)
    if draft.purpose in OF_THE_HOUSE or draft.purpose is Purpose.REPLY:
        message = N_("Say what the message is for: a reminder, care, a notice or marketing.")
        raise InvalidError(message, {"purpose": message})
    at = read_time(draft.at, now)
    if draft.expires_at is not None and draft.expires_at <= (at or now):
        message = N_("It would be too late before it is sent.")
        raise InvalidError(message, {"expires_at": message})
    return BatchDraft(text, draft.purpose, draft.title, at, draft.expires_at)


def _made_before(session: Session, source: str) -> SmsBatch | None:
    """The batch whose first message has this source: it was written with all the others, or not at all."""
    found = session.scalar(select(SmsMessage.batch_id).where(SmsMessage.source == source))
    return None if found is None else session.get(SmsBatch, found)


def _drafts(
    chosen: Chosen, draft: BatchDraft, batch_id: int, threads: Mapping[str, int], source: str, principal: Principal
) -> list[MessageDraft]:
    return [
        MessageDraft(
            one.number, one.text, draft.purpose, conversation_id=threads[one.number], patient_id=one.patient_id,
            batch_id=batch_id, source=f"{source}:{one.patient_id}" if place else source, not_before=draft.at,
            expires_at=draft.expires_at, created_by=principal.user_id,
        )
        for place, one in enumerate(chosen.fit)
    ]  # fmt: skip


def _threads(session: Session, recipients: Sequence[Recipient], now: datetime) -> dict[str, int]:
    """Number → its conversation. One that is begun by a message to many waits for nobody until somebody answers."""
    numbers = [one.number for one in recipients]
    found: dict[str, int] = {}
    for start in range(0, len(numbers), _CHUNK):
        part = numbers[start : start + _CHUNK]
        known = session.execute(select(Conversation.number, Conversation.id).where(Conversation.number.in_(part)))
        found |= {number: key for number, key in known}  # noqa: C416 - rows are no pairs to mypy
    begun = [
        Conversation(
            number=one.number, patient_id=one.patient_id, state=DONE, last_at=now, last_direction=OUT,
            last_text=" ".join(one.text.split())[:LAST_TEXT],
        )
        for one in recipients
        if one.number not in found
    ]  # fmt: skip
    session.add_all(begun)
    session.flush()
    return found | {one.number: one.id for one in begun}


def _view_of(session: Session, batch: SmsBatch) -> BatchView:
    by_state = select(SmsMessage.state, func.count()).where(SmsMessage.batch_id == batch.id).group_by(SmsMessage.state)
    states = {state: count for state, count in session.execute(by_state)}  # noqa: C416 - rows are no pairs to mypy
    creator = None if batch.created_by is None else session.get(UserAccount, batch.created_by)
    return {
        "id": batch.id,
        "title": batch.title,
        "purpose": batch.purpose,
        "text": batch.text,
        "count": batch.total,
        "states": {str(state): states[state] for state in MessageState if states.get(state)},
        "not_before": iso(batch.not_before),
        "expires_at": iso(batch.expires_at),
        "created_at": iso(batch.created_at),
        "created_by": None if creator is None else {"id": creator.id, "name": creator.display_name},
        "cancelled_at": iso(batch.cancelled_at),
    }
