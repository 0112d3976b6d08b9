"""Conversations as rows, read, begun and changed many at a time: for texts that come in by the thousand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callcenter.messaging.conversations.rows import OPEN, OUT
from storage.chunks import chunks
from storage.models import Conversation
from storage.models.base import table_of

_TALK = table_of(Conversation)


@dataclass(slots=True)
class Talk:
    """A conversation in the hands of one transaction; the names are those of ``Conversation``."""

    id: int
    number: str
    patient_id: int | None
    gateway_id: int | None
    our_number: str
    assigned_to: int | None
    department_id: int | None
    state: str
    snoozed_until: datetime | None
    unread: int
    waiting_since: datetime | None
    lost_answer: str
    last_at: datetime
    last_text: str
    last_direction: str
    version: int


_NAMES = [one.name for one in fields(Talk)]
_CHANGED = [name for name in _NAMES if name not in ("id", "number")]
# Its key is not locked here nor wherever else one conversation is: who writes a message into it need not wait.
_LOCKED = (
    select(*(_TALK.c[name] for name in _NAMES))
    .where(_TALK.c.number.in_(bindparam("numbers", expanding=True)))
    .order_by(_TALK.c.id)
    .with_for_update(key_share=True)
)
_BEGIN = insert(_TALK)
_CHANGE = (
    update(_TALK)
    .where(_TALK.c.id == bindparam("key"))
    .values({name: bindparam(f"new_{name}", type_=_TALK.c[name].type) for name in _CHANGED})
)


def talks_with(session: Session, begins: Mapping[str, datetime]) -> dict[str, Talk]:
    """The conversation with each canonical number, locked; those that were not there begin at the time beside it."""
    found = _locked(session, begins)
    # In one order, so that two that begin the same ones do not wait for each other.
    missing = {number: begins[number] for number in sorted(begins) if number not in found}
    if missing:
        try:
            with session.begin_nested():
                rows = [_begun(number, at) for number, at in missing.items()]
                session.execute(_BEGIN, rows)
        except IntegrityError:
            # Another transaction began one of them at the same moment.
            return talks_with(session, begins)
        found |= _locked(session, missing)
    return found


def change_talks(session: Session, talks: Collection[Talk]) -> None:
    """Write down what became of them."""
    session.execute(
        _CHANGE, [{"key": talk.id} | {f"new_{name}": getattr(talk, name) for name in _CHANGED} for talk in talks]
    )


def _begun(number: str, at: datetime) -> dict[str, object]:
    return {"number": number, "state": OPEN, "last_at": at, "last_direction": OUT}


def _locked(session: Session, numbers: Collection[str]) -> dict[str, Talk]:
    found = {}
    for chunk in chunks(sorted(numbers)):
        for row in session.execute(_LOCKED, {"numbers": chunk}):
            found[row.number] = Talk(*row)
    return found
