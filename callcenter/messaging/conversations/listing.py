"""Conversations as lists and figures: one filter for list, figures and page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from callcenter.administration.masked_search import by_digits, whole_or_tail
from callcenter.administration.principal import Principal
from callcenter.messaging.conversations.rows import DONE, OPEN, SNOOZED
from callcenter.messaging.conversations.scope import conversation_scope, missing
from callcenter.messaging.conversations.views import (
    ConversationView,
    conversations_statement,
    load_conversations,
)
from callcenter.messaging.conversations.waiting import waiting
from callcenter.paging import page_of_views
from storage.models import Conversation, Patient, PatientTerm
from storage.queries.paging import Page, Stretch
from storage.queries.terms import words_of

MOST_KNOWN = 200
_COUNTED = 1000
_LAST = chr(0x10FFFF)


class Box(StrEnum):
    """The parts of the inbox."""

    OPEN = "open"
    MINE = "mine"
    DEPARTMENT = "department"
    UNASSIGNED = "unassigned"
    SNOOZED = "snoozed"
    DONE = "done"
    ALL = "all"


@dataclass(frozen=True)
class ConversationFilter:
    """What to list; what is None does not matter. ``q`` is words of the patient's name or digits of the number."""

    box: Box = Box.OPEN
    q: str = ""
    unread: bool = False
    waiting: bool = False
    patient_id: int | None = None
    number: str | None = None


def list_conversations(
    session: Session, principal: Principal, wanted: ConversationFilter, limit: int, cursor: str | None
) -> Page[ConversationView]:
    """A page of the conversations in reach, the one with the newest words first. ``InvalidError`` for a bad cursor."""
    statement = conversations_statement().where(conversation_scope(principal), *_conditions(principal, wanted))
    newest = Stretch((Conversation.last_at, Conversation.id), descending=True)
    return page_of_views(load_conversations, session, statement, [newest], limit, cursor)


def get_conversation(session: Session, principal: Principal, conversation_id: int) -> ConversationView:
    """One conversation; ``NotFoundError`` out of reach."""
    statement = conversations_statement().where(Conversation.id == conversation_id, conversation_scope(principal))
    found = load_conversations(session, statement)
    if not found:
        raise missing(conversation_id)
    return found[0][0]


def conversations_to_know(session: Session, principal: Principal) -> Sequence[ConversationView]:
    """What a page must know to count those in reach in which somebody waits for an answer, and those with unread texts.

    Of the former at most ``MOST_KNOWN``, the longest waiting first; then of the others as many, the newest first.
    """
    within = conversations_statement().where(conversation_scope(principal))
    longest = within.where(*waiting()).order_by(Conversation.waiting_since, Conversation.id)
    others = within.where(Conversation.state == OPEN, Conversation.unread > 0, Conversation.waiting_since.is_(None))
    newest = others.order_by(Conversation.last_at.desc(), Conversation.id.desc())
    return [view for each in (longest, newest) for view, _ in load_conversations(session, each.limit(MOST_KNOWN))]


def count_waiting(session: Session, principal: Principal) -> dict[str, int]:
    """In how many conversations of each box somebody waits for an answer, each counted up to 1000."""
    return {
        str(box): _counted(session, conversation_scope(principal), *waiting(), _BOXES[box](principal))
        for box in (Box.OPEN, Box.MINE, Box.DEPARTMENT, Box.UNASSIGNED)
    }


def _counted(session: Session, *limits: ColumnElement[bool]) -> int:
    some = select(Conversation.id).where(*limits).limit(_COUNTED)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _mine(principal: Principal) -> ColumnElement[bool]:
    return and_(Conversation.state == OPEN, Conversation.assigned_to == principal.user_id)


def _of_department(principal: Principal) -> ColumnElement[bool]:
    return and_(Conversation.state == OPEN, Conversation.department_id == principal.department_id)


def _unassigned(_: Principal) -> ColumnElement[bool]:
    return and_(Conversation.state == OPEN, Conversation.assigned_to.is_(None))


def _in_state(state: str) -> Callable[[Principal], ColumnElement[bool]]:
    def condition(_: Principal) -> ColumnElement[bool]:
        return Conversation.state == state

    return condition


def _everything(_: Principal) -> ColumnElement[bool]:
    return true()


_BOXES: Mapping[Box, Callable[[Principal], ColumnElement[bool]]] = MappingProxyType(
    {
        Box.OPEN: _in_state(OPEN),
        Box.MINE: _mine,
        Box.DEPARTMENT: _of_department,
        Box.UNASSIGNED: _unassigned,
        Box.SNOOZED: _in_state(SNOOZED),
        Box.DONE: _in_state(DONE),
        Box.ALL: _everything,
    }
)


def _conditions(principal: Principal, wanted: ConversationFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_BOXES[wanted.box](principal)]
    if wanted.unread:
        conditions.append(Conversation.unread > 0)
    if wanted.waiting:
        conditions += waiting()
    if wanted.patient_id is not None:
        conditions.append(Conversation.patient_id == wanted.patient_id)
    if wanted.number is not None:
        conditions.append(Conversation.number == wanted.number)
    conditions += [_has_word(principal, word) for word in words_of(wanted.q)]
    return conditions


def _has_word(principal: Principal, word: str) -> ColumnElement[bool]:
    """Whether the patient can be found by the word, or the number has these digits; see ``masked_search``."""
    if word.isdecimal() and not principal.sees_numbers:
        return _masked(word)
    named = select(PatientTerm.patient_id).where(
        PatientTerm.patient_id == Conversation.patient_id, PatientTerm.term >= word, PatientTerm.term < word + _LAST
    )
    found: ColumnElement[bool] = named.correlate(Conversation).exists()
    return or_(found, by_digits(principal, Conversation.number, word)) if word.isdecimal() else found


def _masked(digits: str) -> ColumnElement[bool]:
    """The number of the conversation by what its mask shows, or the record number; the terms have all its digits."""
    recorded = select(Patient.id).where(
        Patient.id == Conversation.patient_id, Patient.record_number.startswith(digits, autoescape=True)
    )
    return or_(whole_or_tail(Conversation.number, digits), recorded.correlate(Conversation).exists())
