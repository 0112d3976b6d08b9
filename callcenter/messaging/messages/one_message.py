"""One message with all that is known of it: what became of each part, who did what to it, and what can be done now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.messaging.batches.views import batch_scope
from callcenter.messaging.conversations.rows import OUT
from callcenter.messaging.conversations.scope import may_answer
from callcenter.messaging.messages.listing import find_message
from callcenter.messaging.messages.own_numbers import left_by
from callcenter.messaging.messages.scope import message_scope
from callcenter.messaging.messages.views import MessageView, message_view
from callcenter.messaging.vocabulary import NOT_ARRIVED, MessageState
from callcenter.naming import named
from storage.models import AuditEntry, SmsAttempt, SmsBatch, SmsGateway, SmsMessage, UserAccount
from storage.models.base import table_of

SENT_AGAIN = NOT_ARRIVED | {MessageState.UNKNOWN}
"""States in which the text of an outgoing message may be sent once more."""
ACTS = ("cancel", "resend")
_RESEND = "resend"
_MOST_COPIES = 50
_MESSAGE = table_of(SmsMessage).c
_ATTEMPT = table_of(SmsAttempt).c
_GATEWAY = table_of(SmsGateway).c
_AUDIT = table_of(AuditEntry).c
_USER = table_of(UserAccount).c


def resend_source(message_id: int, version: int) -> str:
    """The source of the copy of a message that stands at ``version``: of each standing there is one."""
    return f"{_RESEND}:{message_id}:{version}"


def show_message(session: Session, principal: Principal, message_id: int) -> MessageView:
    """One message with ``history``: what became of each part of each attempt. NotFoundError out of reach.

    ``acts``: who took it back or sent it again. ``batch``: id and title, if in reach. ``left_by``: the number that the
    receiver saw, empty where it is not known. ``copy_of`` and ``copies``: ids in reach of what it was sent again from,
    and as.
    ``can``: what this person may do with it now, of ``cancel``, ``take_back`` (one's own words, by the conversation)
    and ``resend``.
    """
    row = find_message(session, principal, "messages.view", message_id)
    copies = _copies(session, principal, row)
    return {
        **message_view(row),
        "history": _history(session, message_id),
        "acts": _acts(session, message_id),
        "batch": _batch(session, principal, row.batch_id),
        "left_by": left_by(session, row),
        "copy_of": _copy_of(session, principal, row.source),
        "copies": [key for key, _ in copies],
        "can": _can(session, principal, row, {source for _, source in copies}),
    }


def _history(session: Session, message_id: int) -> list[dict[str, Any]]:
    columns = table_of(SmsAttempt)
    statement = (
        select(*columns.c, _GATEWAY.name.label("gateway_name"))
        .join(table_of(SmsGateway), _GATEWAY.id == _ATTEMPT.gateway_id)
        .where(_ATTEMPT.message_id == message_id)
        .order_by(_ATTEMPT.attempt, _ATTEMPT.position)
    )
    return [
        {
            "attempt": row.attempt,
            "part": row.position,
            "parts": row.total,
            "gateway": {"id": row.gateway_id, "name": row.gateway_name},
            "sender": row.sender,
            "state": row.state,
            "gateway_ref": row.gateway_ref or "",
            "code": row.code,
            "words": row.words,
            "sent_at": iso(row.sent_at),
            "answered_at": iso(row.answered_at),
            "final_at": iso(row.final_at),
        }
        for row in session.execute(statement)
    ]


def _acts(session: Session, message_id: int) -> list[dict[str, Any]]:
    statement = (
        select(_AUDIT.action, _AUDIT.at, _AUDIT.user_id, _USER.display_name)
        .select_from(table_of(AuditEntry).outerjoin(table_of(UserAccount), _USER.id == _AUDIT.user_id))
        .where(_AUDIT.subject_type == "message", _AUDIT.subject_id == str(message_id), _AUDIT.action.in_(ACTS))
        .order_by(_AUDIT.id)
    )
    return [
        {"action": action, "at": iso(at), "by": named(user_id, name)}
        for action, at, user_id, name in session.execute(statement)
    ]


def _batch(session: Session, principal: Principal, batch_id: int | None) -> dict[str, Any] | None:
    """None also where the sending is out of reach: only its message to a patient of one's own is not."""
    if batch_id is None:
        return None
    here = SmsBatch.id == batch_id, batch_scope(principal)
    found = session.execute(select(SmsBatch.title).where(*here)).one_or_none()
    return None if found is None else {"id": batch_id, "title": found.title or ""}


def _copy_of(session: Session, principal: Principal, source: str | None) -> int | None:
    kind, _, rest = (source or "").partition(":")
    if kind != _RESEND:
        return None
    here = _MESSAGE.id == int(rest.partition(":")[0]), message_scope(principal)
    return session.scalar(select(_MESSAGE.id).where(*here))


def _copies(session: Session, principal: Principal, row: Any) -> list[tuple[int, str]]:
    """Those in reach with their sources, which are of the last versions that it had."""
    versions = range(max(1, row.version - _MOST_COPIES), row.version + 1)
    sources = [resend_source(row.id, version) for version in versions]
    statement = select(_MESSAGE.id, _MESSAGE.source).where(_MESSAGE.source.in_(sources), message_scope(principal))
    return [(key, source) for key, source in session.execute(statement.order_by(_MESSAGE.id))]


def _can(session: Session, principal: Principal, row: Any, copied: set[str]) -> list[str]:
    found: list[str] = []
    if row.direction == OUT and row.state == MessageState.QUEUED.value:
        if _reached(session, principal, "messages.manage", row.id):
            found.append("cancel")
        elif _may_take_back(session, principal, row):
            found.append("take_back")
    again = row.direction == OUT and row.state in SENT_AGAIN and resend_source(row.id, row.version) not in copied
    if again and _reached(session, principal, "messages.send", row.id):
        found.append("resend")
    return found


def _reached(session: Session, principal: Principal, permission: str, message_id: int) -> bool:
    if not principal.may(permission):
        return False
    here = _MESSAGE.id == message_id, message_scope(principal, permission)
    return session.scalar(select(_MESSAGE.id).where(*here)) is not None


def _may_take_back(session: Session, principal: Principal, row: Any) -> bool:
    own = row.conversation_id is not None and row.created_by == principal.user_id
    return own and may_answer(session, principal, row.conversation_id)
