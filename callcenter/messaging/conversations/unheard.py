"""An answer that did not arrive is none: whoever it was for waits for one again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import SYSTEM
from callcenter.messaging.conversations.answering import last_said
from callcenter.messaging.conversations.rows import DONE, IN, OPEN
from callcenter.messaging.conversations.threads import note_words, route
from callcenter.messaging.conversations.views import tell_conversation
from callcenter.messaging.incoming.words import is_opt_out
from callcenter.messaging.vocabulary import NOT_ARRIVED
from storage.models import AuditEntry, Conversation, Patient, SmsMessage
from storage.models.base import table_of

_LOOKED_AT = 50
"""Texts after the last answer among which the first is looked for that wants one; answers that were lost since; changes
of a conversation's state among which the last is looked for that said that it is done.
"""
_MESSAGE = table_of(SmsMessage).c
_AUDIT = table_of(AuditEntry).c
_GIVEN_UP = sorted(state.value for state in NOT_ARRIVED)


class _Standing(NamedTuple):
    """``since``: when the first text came that wants an answer. ``lost``: the state of the last answer to it that was
    lost, if there is one.
    """

    since: datetime | None
    lost: str = ""


def look_at_answers(session: Session, moved: Iterable[Any], arrived: Collection[int]) -> None:
    """Look at ``moved``, rows of messages. Where one was an answer and did not arrive, the patient waits again in its
    conversation; if that is put off, when it comes back. A conversation that somebody called done, in the belief that
    the patient has the answer, is open again. It stays with whoever has it, and lists show what the patient asked.

    A message that was suppressed at once answered nothing, and changes nothing. ``arrived`` are the ids of those that
    were given up and arrived after all: whoever they answered waits no more.
    """
    answers = [row for row in moved if row.answers_to is not None]
    lost = {row.conversation_id: row for row in answers if row.state in NOT_ARRIVED}
    found = {row.conversation_id for row in answers if row.id in arrived}
    # In one order, whatever became of them: else two that tell of the same conversations would deadlock.
    for key in sorted(lost.keys() | found):
        conversation = _held(session, key)
        if key in lost:
            _wait_more(session, conversation, lost[key])
        if key in found:
            _wait_less(session, conversation)


def answered_again(session: Session, conversation_id: int | None, answers_to: int | None) -> None:
    """A message that answers the texts up to ``answers_to`` (None: it answers nothing) was sent once more."""
    if conversation_id is not None and answers_to is not None:
        _wait_less(session, _held(session, conversation_id))


def wait_as_before(session: Session, conversation: Conversation) -> None:
    """Somebody took back that it is done: who waited then waits again, and since then."""
    session.flush()  # That it is not done is in the log, by which what nobody has answered is found.
    standing = _standing(session, conversation.id)
    if standing.since is not None:
        _stand(session, conversation, standing, conversation.last_at)


def _wait_more(session: Session, conversation: Conversation, lost: Any) -> None:
    standing, waiting = _standing(session, conversation.id), conversation.waiting_since
    if standing.since is None or (waiting is not None and waiting <= standing.since):
        return
    if conversation.state == DONE:
        conversation.state = OPEN
        after = {"state": OPEN, "message_id": lost.id}
        record_audit(
            session, SYSTEM, "set-state", "conversation", conversation.id, {"state": DONE}, after, lost.state_at
        )
    patient = None if conversation.patient_id is None else session.get(Patient, conversation.patient_id)
    route(session, conversation, patient)
    _stand(session, conversation, standing, lost.state_at)


def _wait_less(session: Session, conversation: Conversation) -> None:
    standing = _standing(session, conversation.id)
    if conversation.waiting_since is not None and standing.since != conversation.waiting_since:
        _stand(session, conversation, standing, conversation.last_at)


def _stand(session: Session, conversation: Conversation, standing: _Standing, at: datetime) -> None:
    conversation.waiting_since, conversation.lost_answer = standing
    shown = _MESSAGE.direction == IN if standing.since is not None else _is_answer()
    last = last_said(session, conversation.id, shown)
    if last is not None:
        note_words(conversation, last.text, last.direction, at)
    tell_conversation(session, conversation)


def _held(session: Session, conversation_id: int) -> Conversation:
    found = select(Conversation).where(Conversation.id == conversation_id).with_for_update(key_share=True)
    return session.scalars(found, execution_options={"populate_existing": True}).one()


def _is_answer() -> ColumnElement[bool]:
    """Whether it is one that has arrived, or may still."""
    return _MESSAGE.answers_to.is_not(None) & _MESSAGE.state.not_in(_GIVEN_UP)


def _standing(session: Session, conversation_id: int) -> _Standing:
    """What waits there by what was written, answered and said to be done."""
    here = _MESSAGE.conversation_id == conversation_id
    answered = session.scalar(select(func.max(_MESSAGE.answers_to)).where(here, _is_answer())) or 0
    lost = session.execute(
        select(_MESSAGE.answers_to, _MESSAGE.state, _MESSAGE.created_at, _MESSAGE.state_at)
        .where(here, _MESSAGE.answers_to > answered, _MESSAGE.state.in_(_GIVEN_UP))
        .order_by(_MESSAGE.id.desc())
        .limit(_LOOKED_AT)
    ).all()
    texts = select(_MESSAGE.id, _MESSAGE.created_at, _MESSAGE.text).where(
        here, _MESSAGE.direction == IN, _MESSAGE.id > answered
    )
    if (done := _done_at(session, conversation_id, lost)) is not None:
        # Written down by then: one that began to come may not have been whole.
        texts = texts.where(_MESSAGE.state_at > done)
    for key, at, text in session.execute(texts.order_by(_MESSAGE.id).limit(_LOOKED_AT)):
        if not is_opt_out(text):
            return _Standing(at, next((one.state for one in lost if one.answers_to >= key), ""))
    return _Standing(None)


def _done_at(session: Session, conversation_id: int, lost: Sequence[Any]) -> datetime | None:
    """When somebody last said that nothing is left to do, and nobody that there is after all: not while one of
    ``lost`` was on its way, which the patient was believed to get.
    """
    changes = select(_AUDIT.at, _AUDIT.before, _AUDIT.after).where(
        _AUDIT.subject_type == "conversation",
        _AUDIT.subject_id == str(conversation_id),
        _AUDIT.action == "set-state",
    )
    taken_back = False
    for at, before, after in session.execute(changes.order_by(_AUDIT.id.desc()).limit(_LOOKED_AT)):
        if (after or {}).get("state") == DONE:
            if not taken_back and not any(one.created_at <= at <= one.state_at for one in lost):
                return cast("datetime", at)
            taken_back = False
        elif (before or {}).get("state") == DONE:
            taken_back = True
    return None
