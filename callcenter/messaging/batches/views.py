"""A text to many as JSON data: whom it was chosen for, what was made of that, and where its messages stand.

Nothing is lost between the figures: ``chosen`` = ``count`` (made) + all of ``left_out`` + ``remaining``, and
``count`` = all of ``states``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from callcenter.clock import iso
from callcenter.errors import NotFoundError
from callcenter.messaging.batches.recipients import name_left_out
from callcenter.messaging.outbox.attempts import MESSAGE
from callcenter.messaging.vocabulary import SENT_STAGE, MessageState
from callcenter.naming import named
from callcenter.paging import page_of
from callcenter.text import N_
from storage.models import SmsBatch, SmsBatchPage, UserAccount
from storage.queries.paging import Page, Stretch

BatchView = dict[str, Any]


def batch_scope(principal: Principal, permission: str = "messages.view") -> ColumnElement[bool]:
    """One's own; those of everybody in the department, and of all, as the permission reaches."""
    scope = principal.require(permission)
    if scope is Scope.ALL:
        return true()
    mine = SmsBatch.created_by == principal.user_id
    if scope is Scope.OWN or principal.department_id is None:
        return mine
    colleagues = select(UserAccount.id).where(UserAccount.department_id == principal.department_id)
    return or_(mine, SmsBatch.created_by.in_(colleagues))


def find_batch(
    session: Session, principal: Principal, batch_id: int, *permissions: str, lock: bool = False
) -> SmsBatch:
    """The batch, if viewing and each of ``permissions`` reach it; raises ``NotFoundError``."""
    scopes = [batch_scope(principal, one) for one in ("messages.view", *permissions)]
    statement = select(SmsBatch).where(SmsBatch.id == batch_id, *scopes)
    found = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFoundError(N_("There is no such sending, or you may not see it."), batch_id=batch_id)
    return found


def list_batches(session: Session, principal: Principal, limit: int, cursor: str | None) -> Page[BatchView]:
    """What was sent to many, newest first: one's own, or everybody's for whoever sees all messages."""
    newest = Stretch((SmsBatch.created_at, SmsBatch.id), descending=True)
    statement = select(SmsBatch).where(batch_scope(principal))
    page = page_of(lambda part: session.scalars(part).all(), statement, [newest], limit, cursor)
    return Page(views_of(session, page.items), page.next)


def get_batch(session: Session, principal: Principal, batch_id: int) -> BatchView:
    """One of them, with how many of its messages are where."""
    return view_of(session, find_batch(session, principal, batch_id))


def list_left_out(
    session: Session, principal: Principal, batch_id: int, limit: int, cursor: str | None
) -> Page[dict[str, Any]]:
    """Who got nothing and why, in order: ``limit`` of them, or as many more as were made together with the last.

    Those whom ``principal`` may not see are told without name and number.
    """
    batch = find_batch(session, principal, batch_id)
    place = Stretch((SmsBatchPage.place,))
    statement = select(SmsBatchPage).where(SmsBatchPage.batch_id == batch.id, SmsBatchPage.left_out.is_not(None))

    def find(most: int) -> Page[SmsBatchPage]:
        return page_of(lambda part: session.scalars(part).all(), statement, [place], most, cursor)

    page = find(limit)
    enough, found = 0, 0
    while found < limit and enough < len(page.items):
        found += len(page.items[enough].left_out or ())
        enough += 1
    if enough < len(page.items):
        page = find(enough)
    rows = [one for kept in page.items for one in kept.left_out or ()]
    named = name_left_out(session, principal, [(key, why) for key, _, why in rows])
    told = [{**one, "number": row[1] if one["record_number"] else ""} for one, row in zip(named, rows, strict=True)]
    return Page(told, page.next)


def view_of(session: Session, batch: SmsBatch) -> BatchView:
    """One batch."""
    return views_of(session, [batch])[0]


def views_of(session: Session, batches: Sequence[SmsBatch]) -> list[BatchView]:
    """The batches in their order, counted by two statements, however many they are.

    ``waiting_for`` is of the first message that waits: until when, and for what, if a rule holds it back.
    """
    ids = [batch.id for batch in batches]
    columns = MESSAGE.c
    states: dict[int, dict[str, int]] = defaultdict(dict)
    firsts: list[int] = []
    # Nearly all are counted in the index; it does not know which of those that were sent are accepted by now.
    mine = columns.batch_id.in_(ids)
    for column, which in ((columns.stage, columns.stage != SENT_STAGE), (columns.state, columns.stage == SENT_STAGE)):
        counted = select(columns.batch_id, column, func.count(), func.min(columns.id)).where(mine, which)
        for key, state, count, first in session.execute(counted.group_by(columns.batch_id, column)):
            states[key][state] = count
            if state == MessageState.QUEUED:
                firsts.append(first)
    creators = select(UserAccount.id, UserAccount.display_name).where(
        UserAccount.id.in_({batch.created_by for batch in batches if batch.created_by is not None})
    )
    names = {key: name for key, name in session.execute(creators)}  # noqa: C416 - rows are no pairs to mypy
    held = _held(session, firsts)
    return [_view(batch, states[batch.id], names) | {"waiting_for": held.get(batch.id)} for batch in batches]


def _held(session: Session, message_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """For what the messages wait, by their batch."""
    columns = MESSAGE.c
    statement = select(columns.batch_id, columns.reason, columns.next_at).where(columns.id.in_(message_ids))
    rows = session.execute(statement)
    return {key: {"reason": reason, "until": iso(until)} for key, reason, until in rows if reason and until}


def _view(batch: SmsBatch, states: Mapping[str, int], names: Mapping[int, str]) -> BatchView:
    left_out = dict(batch.left_out or {})
    return {
        "id": batch.id,
        "title": batch.title,
        "purpose": batch.purpose,
        "text": batch.text,
        "template": named(batch.template_id, batch.template_name),
        "state": batch.state,
        "reason": batch.reason,
        "chosen": batch.chosen,
        "count": batch.total,
        "left_out": left_out,
        "remaining": batch.chosen - batch.total - sum(left_out.values()),
        "states": {str(state): states[state] for state in MessageState if states.get(state)},
        "not_before": iso(batch.not_before),
        "expires_at": iso(batch.expires_at),
        "created_at": iso(batch.created_at),
        "created_by": named(batch.created_by, names.get(batch.created_by or 0)),
        "cancelled_at": iso(batch.cancelled_at),
    }
