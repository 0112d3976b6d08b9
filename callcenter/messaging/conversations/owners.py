"""To whom a conversation can be given: few to choose from, found by name, pinyin and department."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    def reading(self) -> str:
        return pinyin_of(self.name)

    @property
    def view(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "department": self.department}


def find_owners(session: Session, principal: Principal, conversation_id: int | None, query: str) -> dict[str, Any]:
    """The first ``people`` who may answer and ``departments`` that have every word of ``query``; ``more`` says that
    there are others. A word finds names, their pinyin and its initials; people by their department, too. The
    names that begin with the words come first, then the conversation's own department and its people.

    It looks through the whole staff, some thousands at most, whose readings are kept in memory. Raises
    ``NotAllowedError``, ``NotFoundError``.
    """
    principal.require(_GIVE)
    own = None
    if conversation_id is not None:
        own = _department_of(session, principal, conversation_id)
    words = normalise(query).split()
    people = [one for one in _people(session) if _has(words, one.name, one.department)]
    departments = [one for one in _departments(session) if _has(words, one[1])]
    people.sort(
        key=lambda one: (not _begins(words, one.name), own is None or one.department_id != own, one.reading, one.id)
    )
    departments.sort(key=lambda one: (not _begins(words, one[1]), one[0] != own, pinyin_of(one[1])))
    return {
        "people": [one.view for one in people[:MOST_PEOPLE]],
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
    begins = normalise(name), pinyin_of(name), initials_of(name)
    return all(any(one.startswith(word) for one in begins) for word in words)


def _has(words: Sequence[str], *names: str) -> bool:
    terms = {term for name in names for term in terms_for(name, "", ())} if words else set()
    return all(any(term.startswith(word) for term in terms) for word in words)
