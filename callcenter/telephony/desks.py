"""Who sits where a line rings: whose own line it is, and for whom it is set up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from sqlalchemy import bindparam, or_, select, union_all
from sqlalchemy.orm import Session

from callcenter.telephony.line_context import LineContext
from storage.models import UserAccount
from storage.models.base import NO, table_of
from storage.queries.offers import fetch_ids

_USER = table_of(UserAccount).c
_seated = table_of(UserAccount).alias("bound").c
# By the index on each of the two, which an "or" of them would not use.
AT_DESK = union_all(
    select(_seated.id).where(_seated.bound_line == bindparam("line")),
    select(_seated.id).where(_seated.username == bindparam("bound_agent")),
)
"""Ids of users at the desk of the line with the name ``line``, which is set up for the user name ``bound_agent``."""

_ALL_AT_DESK = select(_USER.id).where(_USER.id.in_(AT_DESK), _USER.disabled == NO)


def people_at(session: Session, line: LineContext) -> list[int]:
    """Ids of those at the desk of ``line``, whether available or not."""
    return fetch_ids(session, _ALL_AT_DESK, desk_values(line))


def desk_values(line: LineContext) -> dict[str, str]:
    """What ``AT_DESK`` takes."""
    return {"line": line.name, "bound_agent": line.bound_agent}


def people_at_each(session: Session, seats: Mapping[str, str]) -> Mapping[str, list[int]]:
    """The same for many lines: name of a line → ids. ``seats``: name of a line → the user name it is set up for."""
    seated: dict[str, list[str]] = defaultdict(list)
    for line, user in seats.items():
        if user:
            seated[user].append(line)
    here = or_(UserAccount.bound_line.in_(sorted(seats)), UserAccount.username.in_(sorted(seated)))
    people: dict[str, list[int]] = defaultdict(list)
    statement = select(UserAccount.id, UserAccount.username, UserAccount.bound_line).where(here)
    for key, username, own in session.execute(statement.where(UserAccount.disabled == NO).order_by(UserAccount.id)):
        for line in dict.fromkeys((*seated.get(username, ()), *([own] if own in seats else ()))):
            people[line].append(key)
    return people
