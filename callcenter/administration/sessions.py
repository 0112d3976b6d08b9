"""Sessions of browsers and API clients as rows, and what a person's roles grant. Functions run in transactions.

A token has 256 random bits; the database keeps its SHA-256 only, so whoever reads a backup cannot sign in with it.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from callcenter.administration.permissions import PERMISSIONS, Scope
from callcenter.administration.principal import Principal
from storage.models import Role, RolePermission, UserAccount, UserRole, WebSession
from storage.models.base import NO

ADDRESS_LENGTH = 60
AGENT_LENGTH = 200


@dataclass(frozen=True)
class SessionLimits:
    """How long a session lives: at most ``absolute``, and ``idle`` after it was last used."""

    absolute: timedelta = timedelta(days=7)
    idle: timedelta = timedelta(hours=12)


@dataclass(frozen=True)
class SessionInfo:
    """A session that is open. ``language`` is the person's choice, empty for none.

    While ``must_change_password`` the principal has no grants at all.
    """

    token_hash: str
    csrf: str
    principal: Principal
    must_change_password: bool
    language: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class NewSession:
    """What a sign-in gives. ``token`` is known here and to the client only."""

    token: str
    csrf: str
    principal: Principal
    must_change_password: bool
    language: str
    expires_at: datetime


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def open_session(
    session: Session, user_id: int, address: str, user_agent: str, now: datetime, limits: SessionLimits
) -> NewSession:
    """Make a session for an enabled user."""
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    row = WebSession(
        token_hash=hash_of(token),
        user_id=user_id,
        csrf_token=csrf,
        address=address[:ADDRESS_LENGTH],
        user_agent=_printable(user_agent)[:AGENT_LENGTH],
        created_at=now,
        last_seen_at=now,
        expires_at=now + limits.absolute,
    )
    session.add(row)
    session.flush()
    user = session.get_one(UserAccount, user_id)
    return NewSession(
        token, csrf, principal_of(session, user, address), user.must_change_password, user.language, row.expires_at
    )


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


def find_session(
    session: Session, token_hash: str, now: datetime, limits: SessionLimits, seen: datetime | None = None
) -> SessionInfo | None:
    """The open session with this hash; None when it ended, idled too long, or its user is disabled.

    ``seen`` is a later time of use than the row may know.
    """
    row = session.get(WebSession, token_hash)
    if row is None:
        return None
    last_seen = max(row.last_seen_at, seen or row.last_seen_at)
    if not now < min(row.expires_at, last_seen + limits.idle):
        return None
    user = session.get(UserAccount, row.user_id)
    if user is None or user.disabled:
        return None
    return SessionInfo(
        token_hash,
        row.csrf_token,
        principal_of(session, user, row.address),
        user.must_change_password,
        user.language,
        row.created_at,
        last_seen,
        row.expires_at,
    )


def principal_of(session: Session, user: UserAccount, address: str) -> Principal:
    """The person with what the roles grant; with nothing as long as the password must be changed."""
    grants = {} if user.must_change_password else grants_of(session, user.id)
    return Principal(user.id, user.username, user.display_name, user.department_id, MappingProxyType(grants), address)


def grants_of(session: Session, user_id: int) -> dict[str, Scope]:
    """What the enabled roles of a user grant together, the widest scope for each permission."""
    statement = (
        select(RolePermission.permission, RolePermission.scope)
        .join(Role, Role.id == RolePermission.role_id)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(UserRole.user_id == user_id, Role.disabled == NO)
    )
    return widest((permission, scope) for permission, scope in session.execute(statement))


def widest(granted: Iterable[tuple[str, str]]) -> dict[str, Scope]:
    """Permission → widest scope. Permissions and scopes that this version does not know grant nothing."""
    merged: dict[str, Scope] = {}
    for permission, name in granted:
        if permission in PERMISSIONS and name in _SCOPES:
            scope = _SCOPES[name]
            merged[permission] = max(scope, merged.get(permission, scope), key=lambda one: one.width)
    return merged


_SCOPES: Mapping[str, Scope] = MappingProxyType({scope.value: scope for scope in Scope})


def touch_sessions(session: Session, seen: Mapping[str, datetime]) -> None:
    """Note when sessions were last used."""
    for token_hash, moment in seen.items():
        session.execute(
            update(WebSession).where(WebSession.token_hash == token_hash).values(last_seen_at=moment),
            execution_options={"synchronize_session": False},
        )


def hashes_of(session: Session, user_ids: Collection[int]) -> list[str]:
    """The sessions of these users."""
    return list(session.scalars(select(WebSession.token_hash).where(WebSession.user_id.in_(sorted(user_ids)))))


def end_sessions(session: Session, token_hashes: Collection[str], now: datetime) -> None:
    """End these sessions. Their rows stay for a while: an address where somebody signed in is known to be theirs."""
    ended = update(WebSession).where(WebSession.token_hash.in_(sorted(token_hashes)), WebSession.expires_at > now)
    session.execute(ended.values(expires_at=now), execution_options={"synchronize_session": False})


def is_known_address(session: Session, user_id: int | None, address: str) -> bool:
    """Whether this user has signed in from ``address`` lately, as far as the rows are kept."""
    mine = select(WebSession.token_hash).where(
        WebSession.user_id == (user_id or 0), WebSession.address == (address[:ADDRESS_LENGTH] or None)
    )
    return session.scalar(mine.limit(1)) is not None


def forget_sessions(session: Session, before: datetime) -> int:
    """Remove the rows of sessions that ended before ``before``; how many there were."""
    result = session.execute(
        delete(WebSession).where(WebSession.expires_at < before), execution_options={"synchronize_session": False}
    )
    return int(getattr(result, "rowcount", 0))
