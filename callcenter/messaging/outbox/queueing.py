"""The door of the SMS centre: messages are queued here to be sent. What comes in is written down by ``incoming``.

Functions for a transaction of the caller's (``Database.run``): a reply, its conversation and its audit entry are
written together, or not at all. What is committed is sent without anybody asking for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.messaging.announce import announce_moved
from callcenter.messaging.outbox.new_messages import insert_messages
from callcenter.messaging.rules.sending import SendingRules, load_rules
from callcenter.messaging.rules.suppression import Facts, Judged, judge, load_facts
from callcenter.messaging.texts.kept_templates import KeptTemplate
from callcenter.messaging.texts.segments import message_text
from callcenter.messaging.vocabulary import PRIORITIES, MessageState, Purpose, Reason
from callcenter.numbers import normalise
from storage.chunks import chunks
from storage.models import SmsMessage

LONGEST_TEXT = 1000


@dataclass(frozen=True)
class MessageDraft:
    """A text for one number.

    ``text`` is what the person reads, without signature and with no placeholder left. ``number`` may be written in any
    way. ``source`` says what made it, such as ``campaign:12:7``: a second draft of the same source makes no second
    message. ``gateway_id`` and ``sender`` are for who insists on a gateway (a test) or a number to leave by; else
    routing chooses, and keeps to the conversation's. It is not sent before ``not_before`` and never after
    ``expires_at`` (None: by the rules). ``answers_to`` is the patient's last text that it answers, see
    ``conversations.answering``; ``template`` what it was written from.
    """

    number: str
    text: str
    purpose: Purpose
    conversation_id: int | None = None
    patient_id: int | None = None
    batch_id: int | None = None
    gateway_id: int | None = None
    sender: str = ""
    source: str | None = None
    priority: int | None = None
    not_before: datetime | None = None
    expires_at: datetime | None = None
    created_by: int | None = None
    answers_to: int | None = None
    template: KeptTemplate | None = None


def queue_message(session: Session, draft: MessageDraft, now: datetime) -> int:
    """Write ``draft`` down to be sent, and tell of it; the id of the message.

    Its state is ``queued`` — with a reason and ``next_at`` while it has to wait: quiet hours, the daily cap,
    ``not_before`` — or ``suppressed`` with the reason: opted out, do not contact, no number, no text, never allowed
    before it expires. A ``source`` that has a message already gives the id of that one and writes nothing.
    """
    return queue_messages(session, [draft], now)[0]


def queue_messages(session: Session, drafts: Sequence[MessageDraft], now: datetime) -> list[int]:
    """``queue_message`` for many at once, in order; for campaigns, a few hundred in a transaction."""
    rules = load_rules(session)
    known = _known_sources(session, drafts)
    new: dict[int, MessageDraft] = {}
    fresh: dict[str, int] = {}
    for place, draft in enumerate(drafts):
        if draft.source is None or (draft.source not in known and draft.source not in fresh):
            new[place] = draft
            if draft.source is not None:
                fresh[draft.source] = place
    numbers = {place: normalise(draft.number).number for place, draft in new.items()}
    asked = [(numbers[place], draft.patient_id) for place, draft in new.items()]
    facts = load_facts(session, asked, rules, now)
    rows = {place: _row(draft, numbers[place], rules, facts, now) for place, draft in new.items()}
    # What the caller changed and did not write yet, such as the conversation, is told of with them.
    session.flush()
    written = insert_messages(session, list(rows.values()))
    announce_moved(session, list(zip(written, (row["batch_id"] for row in rows.values()), strict=True)))
    ids = dict(zip(rows, written, strict=True))
    return [
        ids[place] if place in ids else known.get(draft.source or "") or ids[fresh[draft.source or ""]]
        for place, draft in enumerate(drafts)
    ]


def _known_sources(session: Session, drafts: Sequence[MessageDraft]) -> dict[str, int]:
    sources = sorted({draft.source for draft in drafts if draft.source is not None})
    found: dict[str, int] = {}
    for chunk in chunks(sources):
        rows = session.execute(select(SmsMessage.source, SmsMessage.id).where(SmsMessage.source.in_(chunk)))
        found |= {str(source): key for source, key in rows}
    return found


def _row(draft: MessageDraft, number: str, rules: SendingRules, facts: Facts, now: datetime) -> dict[str, Any]:
    begins = max(now, draft.not_before) if draft.not_before else now
    expires = rules.expiry(draft.expires_at, begins)
    judged = _judged(draft, number, rules, facts, begins, expires, now)
    if judged.state is MessageState.QUEUED:
        facts.count(number, draft.purpose, judged.next_at)
    return {
        "direction": "out",
        "state": judged.state.value,
        "purpose": draft.purpose.value,
        "number": number,
        "text": message_text(draft.text),
        "conversation_id": draft.conversation_id,
        "patient_id": draft.patient_id,
        "gateway_id": draft.gateway_id,
        "batch_id": draft.batch_id,
        "sender": draft.sender,
        "source": draft.source,
        "priority": draft.priority or PRIORITIES[draft.purpose],
        "reason": judged.reason,
        "created_at": now,
        "created_by": draft.created_by,
        "next_at": judged.next_at,
        "expires_at": expires,
        "state_at": now,
        "answers_to": draft.answers_to,
        "template_id": draft.template and draft.template.id,
        "template_name": draft.template and draft.template.name,
    }


def _judged(
    draft: MessageDraft,
    number: str,
    rules: SendingRules,
    facts: Facts,
    begins: datetime,
    expires: datetime,
    now: datetime,
) -> Judged:
    if not number:
        return Judged.suppressed(Reason.BAD_NUMBER)
    if not draft.text.strip():
        return Judged.suppressed(Reason.EMPTY)
    if len(draft.text) > LONGEST_TEXT:
        return Judged.suppressed(Reason.TOO_LONG)
    judged = judge(rules, facts, number, draft.patient_id, draft.purpose, begins, expires)
    if judged.state is MessageState.QUEUED and not judged.reason and begins > now:
        return Judged(MessageState.QUEUED, Reason.NOT_BEFORE, begins)
    return judged
