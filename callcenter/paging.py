"""A page of a list, with the error that a person is shown for a place in it that there is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import Select
from sqlalchemy.orm import Session

from callcenter.administration.resources import lost_place
from storage.queries.paging import Page, Stretch, paged

T = TypeVar("T")
V = TypeVar("V")
S = TypeVarTuple("S")


def page_of(
    find: Callable[[Select[*S]], Sequence[T]],
    statement: Select[*S],
    stretches: Sequence[Stretch],
    limit: int,
    cursor: str | None,
    value: Callable[[T, str], Any] = getattr,
) -> Page[T]:
    """``storage.queries.paging.paged``; raises ``InvalidError`` for a cursor of another list."""
    try:
        return paged(find, statement, stretches, cursor, limit, value)
    except ValueError as error:
        raise lost_place() from error


def page_of_views(
    load: Callable[[Session, Select[Any]], Sequence[tuple[V, Any]]],
    session: Session,
    statement: Select[Any],
    stretches: Sequence[Stretch],
    limit: int,
    cursor: str | None,
) -> Page[V]:
    """A page of the views that ``load`` makes of ``statement``, each with the record by which it is sorted."""
    page = page_of(
        lambda part: load(session, part), statement, stretches, limit, cursor, lambda row, name: getattr(row[1], name)
    )
    return Page([view for view, _ in page.items], page.next)
