"""Who is there to handle complaints, and what a hospital lacks for them."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from storage.models import Role, RolePermission, UserAccount, UserRole
from storage.models.base import NO

_BESIDE_OTHER_WORK = ("supervisor", "administrator")


class Lack(StrEnum):
    """What is missing."""

    HANDLER = "handler"
    """Nobody may handle complaints: what comes stays as it is."""
    OFFICER = "officer"
    """Supervisors and administrators may, beside their other work: what comes waits until one of them takes it."""


def lack_of_officers(session: Session) -> Lack | None:
    """What is missing among those who can sign in; None for nothing."""
    handlers = _handlers()
    if session.scalar(handlers.limit(1)) is None:
        return Lack.HANDLER
    officers = handlers.where(or_(Role.code.is_(None), Role.code.not_in(_BESIDE_OTHER_WORK)))
    return Lack.OFFICER if session.scalar(officers.limit(1)) is None else None


def _handlers() -> Select[int]:
    return (
        select(UserRole.user_id)
        .join(UserAccount, UserAccount.id == UserRole.user_id)
        .join(Role, Role.id == UserRole.role_id)
        .join(RolePermission, RolePermission.role_id == Role.id)
        .where(RolePermission.permission == "complaints.handle", Role.disabled == NO, UserAccount.disabled == NO)
    )
