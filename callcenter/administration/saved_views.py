"""Saved views: under what name a person finds a filter and order of a list again.

They are the person's own and nobody else's, say nothing about the hospital, and so are in no audit log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from callcenter.administration.principal import Principal
from callcenter.administration.values import clean
from callcenter.errors import ConflictError, InvalidError, NotAllowedError, NotFoundError
from callcenter.text import N_, Text
from storage.database import Database
from storage.models import SavedView, UserAccount
from storage.models.base import NO

LISTS: Mapping[str, str] = MappingProxyType(
    {"calls": "calls.view", "missed": "calls.view", "audit": "audit.view", "alarms": "alarms.view"}
    | {"complaints": "complaints.view"}
    | {
        name: f"{name}.view"
        for name in (
            "patients",
            "users",
            "roles",
            "departments",
            "outcomes",
            "groups",
            "skills",
            "templates",
            "phrases",
            "auto_replies",
            "scripts",
            "articles",
        )
    }
)
"""Name of a list → the permission to see it."""

MOST_VIEWS = 30
"""Of one list, for one person."""

LONGEST_NAME = 40
LONGEST_QUERY = 1000

View = dict[str, Any]


class SavedViews:
    """Views as ``{"id", "list", "name", "query", "default"}``, each person's own.

    ``query`` is a query string of the list's page; whoever saves one has checked it. Without the permission for a list
    its views are refused with NotAllowedError; a view of somebody else does not exist.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, principal: Principal, list_name: str) -> Sequence[View]:
        """The person's views of a list, by name."""
        _require(principal, list_name)
        return await self._database.read(_load, principal, list_name)

    async def save(self, principal: Principal, list_name: str, name: str, query: str, default: bool = False) -> View:
        """Save a view. Raises InvalidError for a name in use or no name, ConflictError when there are too many."""
        _require(principal, list_name)
        values = {"name": _checked_name(name), "query": _checked_query(query), "is_default": default}
        return await self._database.run(_make, principal, list_name, values)

    async def edit(
        self, principal: Principal, view_id: int, name: str | None = None, default: bool | None = None
    ) -> View:
        """Give a view another name, or make it the one with which the list opens (or not); None leaves it."""
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _checked_name(name)
        if default is not None:
            values["is_default"] = default
        return await self._database.run(_change, principal, view_id, values)

    async def delete(self, principal: Principal, view_id: int) -> None:
        """Forget a view."""
        await self._database.run(_forget, principal, view_id)


def _require(principal: Principal, list_name: str) -> None:
    if list_name not in LISTS:
        raise NotFoundError(N_("There is no such list."))
    principal.require(LISTS[list_name])
    if principal.user_id is None:
        raise NotAllowedError(N_("Only a person has views."))


def _checked_name(name: str) -> str:
    text = clean(name)
    if not text:
        message: str = N_("Give the view a name.")
        raise InvalidError(message, {"name": message})
    if len(text) > LONGEST_NAME:
        message = Text(N_("At most {limit} characters."), limit=LONGEST_NAME)
        raise InvalidError(message, {"name": message})
    return text


def _checked_query(query: str) -> str:
    if not query:
        message = N_("There is nothing to save: choose a filter or sort by a column first.")
        raise InvalidError(message, {"query": message})
    if len(query) > LONGEST_QUERY:
        message = N_("This is too long.")
        raise InvalidError(message, {"query": message})
    return query


def _mine(principal: Principal) -> Select[SavedView]:
    """One's own views of lists that one may see."""
    allowed = [name for name, permission in LISTS.items() if principal.may(permission)]
    return select(SavedView).where(SavedView.user_id == principal.user_id, SavedView.list_name.in_(allowed))


def _load(session: Session, principal: Principal, list_name: str) -> list[View]:
    found = _mine(principal).where(SavedView.list_name == list_name).order_by(SavedView.name, SavedView.id)
    return [_shown(view) for view in session.scalars(found)]


def _make(session: Session, principal: Principal, list_name: str, values: Mapping[str, Any]) -> View:
    _one_at_a_time(session, principal)
    mine = _mine(principal).where(SavedView.list_name == list_name).subquery()
    if (session.scalar(select(func.count()).select_from(mine)) or 0) >= MOST_VIEWS:
        raise ConflictError(
            Text(N_("You have {count} views of this list. Delete one of them first."), count=MOST_VIEWS)
        )
    view = SavedView(user_id=principal.user_id, list_name=list_name)
    _put(session, view, values)
    session.add(view)
    session.flush()
    return _shown(view)


def _change(session: Session, principal: Principal, view_id: int, values: Mapping[str, Any]) -> View:
    _one_at_a_time(session, principal)
    view = _found(session, principal, view_id)
    _put(session, view, values)
    return _shown(view)


def _forget(session: Session, principal: Principal, view_id: int) -> None:
    view = _found(session, principal, view_id)
    session.execute(delete(SavedView).where(SavedView.id == view.id))


def _put(session: Session, view: SavedView, values: Mapping[str, Any]) -> None:
    """Set ``values`` if the name is free; the one default of a list stops being it when another becomes it."""
    others = (
        SavedView.user_id == view.user_id,
        SavedView.list_name == view.list_name,
        SavedView.id != (view.id or 0),
    )
    if session.scalar(select(SavedView.id).where(*others, SavedView.name == values.get("name"))) is not None:
        message = N_("You have a view of this name. Choose another name, or delete that one.")
        raise InvalidError(message, {"name": message})
    if values.get("is_default"):
        session.execute(
            update(SavedView).where(*others).values(is_default=NO), execution_options={"synchronize_session": False}
        )
    for name, value in values.items():
        setattr(view, name, value)


def _found(session: Session, principal: Principal, view_id: int) -> SavedView:
    view = session.scalar(_mine(principal).where(SavedView.id == view_id))
    if view is None:
        raise NotFoundError(N_("There is no such view."))
    return view


def _one_at_a_time(session: Session, principal: Principal) -> None:
    """Let changes of one person's views wait for each other: there is one default, and a most of them."""
    session.scalars(select(UserAccount.id).where(UserAccount.id == principal.user_id).with_for_update()).all()


def _shown(view: SavedView) -> View:
    return {
        "id": view.id,
        "list": view.list_name,
        "name": view.name,
        "query": view.query,
        "default": view.is_default,
    }
