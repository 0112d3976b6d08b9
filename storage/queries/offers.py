"""Offers of a call to agents, and lists of ids: the parts of a ring that grow with the number of agents.

SQLite's driver gives up the interpreter for every row that it reads or writes, and has to wait for it again while the
reactor is busy telling pages. So there a list of ids travels as one text in one row, each way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, insert, literal_column, select
from sqlalchemy.orm import Session

from storage.models import CallOffer
from storage.models.base import NO, Key, table_of
from storage.prepared import Prepared

_OFFER = table_of(CallOffer)
_each = func.json_each(bindparam("ids")).table_valued("value", name="one")
_INSERT_ONE = Prepared(insert(_OFFER))
_INSERT_ALL = Prepared(
    insert(_OFFER).from_select(
        ["call_id", "user_id", "let_ring"], select(bindparam("call_id", type_=Key), _each.c.value, NO)
    )
)
# Those whose offer went on to others are told apart by their sign, so that one statement finds both.
_OFFERED = select(
    case((_OFFER.c.closed_at.is_(None), _OFFER.c.user_id), else_=-_OFFER.c.user_id).label("signed")
).where(_OFFER.c.call_id == bindparam("call_id"))


def fetch_ids(session: Session, statement: Select[tuple[int]], values: dict[str, Any] | None = None) -> list[int]:
    """The ids that ``statement``, which selects them and nothing else, finds; ascending.

    Keep ``statement`` in a module: what is made of it is remembered.
    """
    if session.get_bind().dialect.name == "sqlite":
        return sorted(json.loads(_as_one_text(statement).scalar(session, values or {}) or "[]"))
    return sorted(row[0] for row in _prepared(statement).all(session, values or {}))


def insert_offers(session: Session, call_id: int, user_ids: Sequence[int]) -> None:
    """Offer the call ``call_id`` to ``user_ids``, to none of whom it was offered yet."""
    if not user_ids:
        return
    if session.get_bind().dialect.name == "sqlite":
        _INSERT_ALL.run(session, {"call_id": call_id, "ids": json.dumps(list(user_ids))})
    else:
        offers = [{"call_id": call_id, "user_id": user_id, "let_ring": False} for user_id in user_ids]
        _INSERT_ONE.run_each(session, offers)


def offered_to(session: Session, call_id: int) -> tuple[list[int], list[int]]:
    """The agents to whom the call is offered, and those to whom it was until it went on to others, by id."""
    signed = fetch_ids(session, _OFFERED, {"call_id": call_id})
    return [key for key in signed if key > 0], [-key for key in signed if key < 0]


def fetch_numbers(
    session: Session, statement: Select[tuple[int, ...]], values: dict[str, Any]
) -> list[tuple[int, ...]]:
    """The rows of whole numbers that ``statement`` finds, ascending. Keep it in a module as for ``fetch_ids``."""
    if session.get_bind().dialect.name == "sqlite":
        return sorted(map(tuple, json.loads(_as_one_text(statement).scalar(session, values) or "[]")))
    return sorted(_prepared(statement).all(session, values))


@lru_cache(64)
def _prepared(statement: Select[Any]) -> Prepared:
    return Prepared(statement)


@lru_cache(64)
def _as_one_text(statement: Select[Any]) -> Prepared:
    inner = statement.subquery("ids")
    columns: list[Any] = [literal_column(f"ids.{column.name}") for column in inner.c]
    each = columns[0] if len(columns) == 1 else func.json_array(*columns)
    return Prepared(select(func.json_group_array(each)).select_from(inner))
