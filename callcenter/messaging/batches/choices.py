"""To whom one text goes: patients by id, of a filtered list, or of an uploaded one; fixed when it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.reading import check_query, select_keys
from callcenter.administration.resources import Resource, read_list_query
from callcenter.errors import InvalidError
from callcenter.messaging.batches.reach import bulk_reach
from callcenter.text import N_, Text
from storage.chunks import chunks
from storage.models import SmsList, SmsListPart
from storage.models.base import table_of

MOST_CHOSEN = 300_000
"""Of more nobody makes one text by mistake, and a look at all of them would hold a thread of the database for long."""
PAGE = 100
"""Patients whose messages are made in one transaction: calls wait for it, some hundredths of a second."""

_PART = table_of(SmsListPart).c


@dataclass(frozen=True)
class Member:
    """A patient who was chosen, and at which number if one was chosen too."""

    patient_id: int
    number: str = ""


@dataclass(frozen=True)
class Choice:
    """Exactly one of these: ids, the fields of the patients' list as in its address, or the id of an uploaded list."""

    patient_ids: Sequence[int] | None = None
    fields: Mapping[str, str] | None = None
    list_id: int | None = None

    def require_one(self) -> None:
        """Raise ``InvalidError`` for none or several."""
        if [self.patient_ids, self.fields, self.list_id].count(None) != 2:
            message = N_("Say which patients: by id, by a filter or by a list.")
            raise InvalidError(message, {"patient_ids": message})

    @property
    def kept(self) -> dict[str, Any]:
        """What is kept of it with the batch: the search words, which may be a name, are not."""
        fields = {name: value for name, value in (self.fields or {}).items() if value and name not in ("q", "sort")}
        searched = bool((self.fields or {}).get("q"))
        return {"filter": fields, "searched": searched, "list_id": self.list_id, "by_id": self.patient_ids is not None}


def load_members(session: Session, principal: Principal, choice: Choice, patients: Resource) -> list[list[Any]]:
    """All who are meant now, in pages as they are kept (see ``SmsBatchPage``), by id or in the order of the list.

    Raises ``InvalidError`` for nobody or too many.
    """
    choice.require_one()
    found = list(_written(session, principal, choice, patients))
    if not found:
        message = (
            N_("No patients match this filter.") if choice.fields is not None else N_("There is nobody on this list.")
        )
        raise InvalidError(message, {"filter": message})
    if len(found) > MOST_CHOSEN:
        message = Text(N_("More than {most} patients. Narrow the choice."), most=MOST_CHOSEN)
        raise InvalidError(message, {"filter": message})
    return list(map(list, chunks(found, PAGE)))


def count_chosen(session: Session, principal: Principal, fields: Mapping[str, str], patients: Resource) -> int:
    """How many patients the list with these ``fields`` means now. Raises ``InvalidError`` for what it does not take."""
    return session.scalar(select(func.count()).select_from(_of_list(principal, fields, patients).subquery())) or 0


def members_in(page: Iterable[Any]) -> list[Member]:
    """The members of a page as it is kept."""
    return [Member(one) if type(one) is int else Member(*one) for one in page]


def _written(session: Session, principal: Principal, choice: Choice, patients: Resource) -> Iterator[Any]:
    if choice.patient_ids is not None:
        yield from dict.fromkeys(choice.patient_ids)
    elif choice.fields is not None:
        keys = _of_list(principal, choice.fields, patients)
        yield from session.scalars(keys.order_by(patients.key_column).limit(MOST_CHOSEN + 1))
    else:
        yield from _listed(session, principal, choice.list_id or 0)


def _of_list(principal: Principal, fields: Mapping[str, str], patients: Resource) -> Select[Any]:
    query = read_list_query(fields)
    check_query(patients, query)
    return select_keys(patients, principal, query).where(bulk_reach(principal))


def _listed(session: Session, principal: Principal, list_id: int) -> Iterator[Any]:
    """Each number and each patient once. A list is its owner's alone."""
    owned = select(func.count()).where(SmsList.id == list_id, SmsList.created_by == principal.user_id)
    if not session.scalar(owned):
        message = N_("There is no such list any more. Upload it again.")
        raise InvalidError(message, {"list_id": message})
    seen: set[Any] = set()
    parts = select(_PART.members).where(_PART.list_id == list_id).order_by(_PART.place)
    for members in session.scalars(parts):
        for one in members:
            mark = one if type(one) is int else one[1]
            if mark not in seen:
                seen.add(mark)
                yield one
