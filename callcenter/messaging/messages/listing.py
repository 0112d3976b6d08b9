"""Messages as lists, and figures that add up: one filter for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from callcenter.administration.masked_search import by_digits
from callcenter.administration.principal import Principal
from callcenter.administration.resources import chosen_sort
from callcenter.errors import NotFoundError
from callcenter.messaging.messages.own_numbers import kept_numbers
from callcenter.messaging.messages.scope import message_scope
from callcenter.messaging.messages.views import MessageView, message_view, messages_statement
from callcenter.messaging.vocabulary import SENT_STAGE, UNDER_WAY, MessageState, PartState
from callcenter.paging import page_of
from callcenter.text import N_
from storage.models import SmsAttempt, SmsGateway, SmsMessage
from storage.models.base import table_of
from storage.queries.paging import Page, Stretch

NO_GATEWAY = 0
DEFAULT_SORT = "-created_at"
SORTS = ("created_at",)
_MESSAGE = table_of(SmsMessage).c
_ATTEMPT = table_of(SmsAttempt).c
_GATEWAY = table_of(SmsGateway).c


@dataclass(frozen=True)
class MessageFilter:
    """Which messages; what is empty does not matter. ``since`` and ``until`` (exclusive) bound when it was queued or
    came in. ``number`` holds digits of it, as ``masked_search`` finds them. ``gateway_id`` is ``NO_GATEWAY`` for
    those for which none was chosen yet.
    """

    direction: str = ""
    state: str = ""
    purpose: str = ""
    reason: str = ""
    number: str = ""
    gateway_id: int | None = None
    patient_id: int | None = None
    conversation_id: int | None = None
    batch_id: int | None = None
    created_by: int | None = None
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = MessageFilter()


def list_messages(
    session: Session,
    principal: Principal,
    permission: str,
    wanted: MessageFilter,
    limit: int,
    cursor: str | None,
    sort: str,
) -> Page[MessageView]:
    """A page of messages in reach, newest first unless ``sort`` is ``created_at``. Raises ``InvalidError``."""
    _, descending = chosen_sort(sort, DEFAULT_SORT, SORTS)
    statement = messages_statement().where(message_scope(principal, permission), *conditions(principal, wanted))
    order = [Stretch([_MESSAGE.created_at, _MESSAGE.id], descending)]
    page = page_of(lambda part: session.execute(part).all(), statement, order, limit, cursor)
    return Page([message_view(row) for row in page.items], page.next)


def with_numbers(session: Session, page: Page[MessageView]) -> Page[MessageView]:
    """``page`` with ``left_by``: the number of ours that the other side saw, where it was written down."""
    kept = kept_numbers(session, [one["id"] for one in page.items if one["attempts"]])
    return Page([{**one, "left_by": kept.get(one["id"], one["sender"])} for one in page.items], page.next)


def find_message(session: Session, principal: Principal, permission: str, message_id: int) -> Any:
    """A row of ``messages_statement``, if ``permission`` reaches it, and viewing too; else NotFoundError."""
    reach = message_scope(principal), message_scope(principal, permission)
    row = session.execute(messages_statement().where(_MESSAGE.id == message_id, *reach)).one_or_none()
    if row is None:
        raise NotFoundError(N_("There is no such message, or you may not see it."), message_id=message_id)
    return row


def conditions(principal: Principal, wanted: MessageFilter) -> list[ColumnElement[bool]]:
    """The filter on ``sms_message``. Raises ``InvalidError`` for a number without digits."""
    texts = ("direction", "purpose", "reason")
    keys = ("patient_id", "conversation_id", "batch_id", "created_by")
    asked = [(name, getattr(wanted, name)) for name in (*texts, *keys)]
    found: list[ColumnElement[bool]] = [_MESSAGE[name] == value for name, value in asked if value not in ("", None)]
    if wanted.gateway_id is not None:
        found.append(_MESSAGE.gateway_id == (wanted.gateway_id or None))
    if wanted.state:
        found += _in_state(wanted.state)
    if wanted.number.strip():
        found.append(by_digits(principal, _MESSAGE.number, wanted.number))
    if wanted.since is not None:
        found.append(_MESSAGE.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(_MESSAGE.created_at < wanted.until)
    return found


def _in_state(state: str) -> list[ColumnElement[bool]]:
    """Of what was sent, few are being sent still: those are found by their parts, which have no name yet."""
    if state not in UNDER_WAY:
        return [_MESSAGE.stage == state]
    found: list[ColumnElement[bool]] = [_MESSAGE.stage == SENT_STAGE, _MESSAGE.state == state]
    if state == MessageState.SENDING:
        here = _ATTEMPT.gateway_id.in_(select(_GATEWAY.id)), _ATTEMPT.nameless == PartState.SENDING.value
        found.append(_MESSAGE.id.in_(select(_ATTEMPT.message_id).where(*here)))
    return found


def count_states(
    session: Session, principal: Principal, since: datetime, until: datetime
) -> list[tuple[int | None, str, int]]:
    """(gateway, state, messages) of what was queued in this time, in reach."""
    statement = (
        select(_MESSAGE.gateway_id, _MESSAGE.state, func.count())
        .where(*_queued(principal, since, until))
        .group_by(_MESSAGE.gateway_id, _MESSAGE.state)
    )
    return [(gateway, state, int(count)) for gateway, state, count in session.execute(statement)]


def count_queued(
    session: Session, principal: Principal, since: datetime, until: datetime
) -> list[tuple[int | None, int, int, int]]:
    """(gateway, messages, parts, cost) of the same messages, whatever their state."""
    statement = (
        select(_MESSAGE.gateway_id, func.count(), func.sum(_MESSAGE.parts), func.sum(_MESSAGE.cost))
        .where(*_queued(principal, since, until))
        .group_by(_MESSAGE.gateway_id)
    )
    return [
        (gateway, int(count), int(parts or 0), int(cost or 0))
        for gateway, count, parts, cost in session.execute(statement)
    ]


def _queued(principal: Principal, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    asked = MessageFilter(direction="out", since=since, until=until)
    return [*conditions(principal, asked), message_scope(principal)]
