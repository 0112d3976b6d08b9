"""To whom a conversation can be given: few to choose from, found by name, pinyin and department."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.administration.holders import holding
from callcenter.administration.principal import Principal
from callcenter.messaging.conversations.scope import REPLY, conversation_scope, missing
from storage.models import Conversation, Department, UserAccount
from storage.models.base import NO
from storage.queries.terms import initials_of, normalise, pinyin_of, terms_for

MOST_PEOPLE, MOST_DEPARTMENTS = 12, 8
_GIVE = "conversations.assign"


@dataclass(frozen=True)
class _Person:
    id: int
    name: str
    department_id: int | None
    department: str

    @property
    def view(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "department": self.department}


def find_owners(session: Session, principal: Principal, conversation_id: int | None, query: str) -> dict[str, Any]:
    """The first ``people`` who may answer and ``departments`` that have every word of ``query``; ``more`` says that
    there are others. A word finds names, their pinyin and its initials; people by their department, too. The
    names that begin with the words come first, then the conversation's own department and its people.

    It looks through the whole staff, some thousands at most: what each name is found by is kept in memory, so that it
    costs less than to read them. Raises ``NotAllowedError``, ``NotFoundError``.
    """
    principal.require(_GIVE)
    own = None
    if conversation_id is not None:
        own = _department_of(session, principal, conversation_id)
    words = normalise(query).split()
    people = [one for one in _people(session) if _has(words, one.name, one.department)]
    departments = [one for one in _departments(session) if _has(words, one[1])]

    def place(one: _Person) -> tuple[bool, bool, str, int]:
        elsewhere = own is None or one.department_id != own
        return not _begins(words, one.name), elsewhere, _found_by(one.name).reading, one.id

    departments.sort(key=lambda one: (not _begins(words, one[1]), one[0] != own, _found_by(one[1]).reading))
    return {
        "people": [one.view for one in nsmallest(MOST_PEOPLE, people, key=place)],
        "departments": [{"id": key, "name": name} for key, name in departments[:MOST_DEPARTMENTS]],
        "more": len(people) > MOST_PEOPLE or len(departments) > MOST_DEPARTMENTS,
    }


def _department_of(session: Session, principal: Principal, conversation_id: int) -> int | None:
    asked = select(Conversation.id, Conversation.department_id)
    found = session.execute(asked.where(Conversation.id == conversation_id, conversation_scope(principal))).first()
    if found is None:
        raise missing(conversation_id)
    department: int | None = found.department_id
    return department


def _people(session: Session) -> Iterable[_Person]:
    statement = (
        select(UserAccount.id, UserAccount.display_name, UserAccount.department_id, Department.name)
        .outerjoin(Department, Department.id == UserAccount.department_id)
        .where(UserAccount.disabled == NO, UserAccount.id.in_(holding(REPLY)))
    )
    for key, name, department_id, department in session.execute(statement):
        yield _Person(key, name, department_id, department or "")


def _departments(session: Session) -> list[tuple[int, str]]:
    statement = select(Department.id, Department.name).where(Department.disabled == NO)
    return [(key, name) for key, name in session.execute(statement)]


def _begins(words: Sequence[str], name: str) -> bool:
    return all(any(one.startswith(word) for one in _found_by(name).beginnings) for word in words)


def _has(words: Sequence[str], *names: str) -> bool:
    return all(any(term.startswith(word) for name in names for term in _found_by(name).terms) for word in words)


@dataclass(frozen=True)
class _FoundBy:
    """By what a name is found, how its beginning is written, and how it is read, to sort by."""

    terms: frozenset[str]
    beginnings: tuple[str, str, str]
    reading: str


@lru_cache(maxsize=20_000)
def _found_by(name: str) -> _FoundBy:
    reading = pinyin_of(name)
    return _FoundBy(frozenset(terms_for(name, "", ())), (normalise(name), reading, initials_of(name)), reading)
