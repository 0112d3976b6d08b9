"""The rows behind signing in. Functions run in transactions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from callcenter.administration.audit import record_audit
from callcenter.administration.principal import Principal
from callcenter.administration.sessions import (
    NewSession,
    SessionLimits,
    end_sessions,
    hashes_of,
    is_known_address,
    open_session,
)
from callcenter.administration.throttle import Standing
from callcenter.errors import ConflictError
from callcenter.text import N_
from storage.models import UserAccount, WebSession


@dataclass(frozen=True)
class Account:
    """What is known of a user name, or of nobody: then ``user_id`` and ``password_hash`` are None.

    ``known_here`` says that this person has signed in from the same address lately.
    """

    user_id: int | None
    username: str
    password_hash: str | None
    disabled: bool
    failures: int
    locked_until: datetime | None
    known_here: bool


@dataclass(frozen=True)
class Opened:
    """A new session, and the hashes of those that ended for it."""

    session: NewSession
    ended: list[str]


def load_account(session: Session, username: str, address: str) -> Account:
    """The account with this name. The same statements run whether or not there is one."""
    user = session.scalar(select(UserAccount).where(UserAccount.username == username))
    known = is_known_address(session, user.id if user else None, address)
    if user is None:
        return Account(None, username, None, False, 0, None, known)
    return Account(user.id, username, user.password_hash, user.disabled, user.failed_sign_ins, user.locked_until, known)


def record_failure(session: Session, account: Account, address: str, standing: Standing | None, now: datetime) -> None:
    """Write a failed sign-in down. A name that does not exist is not kept: it may be a password typed in the wrong box.

    ``standing`` is kept with the user, so that a restart does not forgive; None where it counts for one address only.
    """
    user_id = account.user_id or 0
    values = {"failed_sign_ins": UserAccount.failed_sign_ins}
    if standing is not None:
        values = {"failed_sign_ins": standing.failures, "locked_until": standing.closed_until}  # type: ignore[dict-item]
    session.execute(
        update(UserAccount).where(UserAccount.id == user_id).values(**values),
        execution_options={"synchronize_session": False},
    )
    who = Principal(account.user_id, account.username if account.user_id else "", "", address=address)
    record_audit(session, who, "sign-in-failed", "user", account.user_id or "", None, None, now)


def record_sign_in(
    session: Session,
    account: Account,
    address: str,
    user_agent: str,
    replaced: str,
    new_hash: str | None,
    now: datetime,
    limits: SessionLimits,
) -> Opened | None:
    """Open a session for whoever gave the right password, in place of the one with hash ``replaced`` (may be empty).

    None when the account was disabled or its password changed since it was checked.
    """
    user = session.get(UserAccount, account.user_id, with_for_update=True)
    if user is None or user.disabled or user.password_hash != account.password_hash:
        return None
    user.failed_sign_ins, user.locked_until = 0, None
    user.password_hash = new_hash or user.password_hash
    ended = [replaced] if replaced and session.get(WebSession, replaced) is not None else []
    end_sessions(session, ended, now)
    made = open_session(session, user.id, address, user_agent, now, limits)
    record_audit(session, made.principal, "sign-in", "user", user.id, None, None, now)
    return Opened(made, ended)


def record_sign_out(session: Session, token_hash: str, now: datetime) -> list[str]:
    """End one session; the hashes of those that ended (none if there was no such session)."""
    row = session.get(WebSession, token_hash)
    if row is None:
        return []
    user = session.get_one(UserAccount, row.user_id)
    end_sessions(session, [token_hash], now)
    who = Principal(user.id, user.username, user.display_name, address=row.address)
    record_audit(session, who, "sign-out", "user", user.id, None, None, now)
    return [token_hash]


def record_sign_out_everywhere(session: Session, principal: Principal, now: datetime) -> list[str]:
    """End all sessions of ``principal`` and give their hashes."""
    ended = hashes_of(session, [principal.user_id or 0])
    end_sessions(session, ended, now)
    record_audit(session, principal, "sign-out-everywhere", "user", principal.user_id or "", None, None, now)
    return ended


def load_own_account(session: Session, user_id: int) -> Account | None:
    """The enabled account of somebody who is signed in."""
    user = session.get(UserAccount, user_id)
    if user is None or user.disabled:
        return None
    return Account(user.id, user.username, user.password_hash, False, 0, None, True)


def record_new_password(
    session: Session,
    principal: Principal,
    old_hash: str | None,
    new_hash: str,
    user_agent: str,
    now: datetime,
    limits: SessionLimits,
) -> Opened:
    """Store a new password, end every session of this person and open a new one.

    Raises ConflictError when the password was changed meanwhile.
    """
    user = session.get(UserAccount, principal.user_id, with_for_update=True)
    if user is None or user.disabled or user.password_hash != old_hash:
        raise ConflictError(N_("The password was changed elsewhere in the meantime. Sign in again."))
    user.password_hash, user.must_change_password = new_hash, False
    user.failed_sign_ins, user.locked_until = 0, None
    user.version += 1
    ended = hashes_of(session, [user.id])
    end_sessions(session, ended, now)
    made = open_session(session, user.id, principal.address, user_agent, now, limits)
    record_audit(session, principal, "change-password", "user", user.id, None, None, now)
    return Opened(made, ended)


def record_language(session: Session, principal: Principal, language: str) -> list[str]:
    """Remember which language somebody wants; gives the hashes of the sessions that show it from now on."""
    session.execute(
        update(UserAccount).where(UserAccount.id == principal.user_id).values(language=language),
        execution_options={"synchronize_session": False},
    )
    return hashes_of(session, [principal.user_id or 0])
