"""What several migrations do. A migration that ran anywhere stays as it is, so these never change what they do."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import CreateSequence

_role = sa.table("role", sa.column("id"), sa.column("code"))
_granted = sa.table("role_permission", sa.column("role_id"), sa.column("permission"), sa.column("scope"))


def create_sequence(name: str, start: int | None = None) -> None:
    """A sequence for a primary key; SQLite numbers rows by itself."""
    if op.get_context().dialect.supports_sequences:
        op.execute(CreateSequence(sa.Sequence(name, start=start)))


def grant_along(code: str, like: str, permissions: Iterable[str]) -> None:
    """Give ``permissions`` to the built-in role ``code``, if it has ``like`` still and with the same scope."""
    for permission in permissions:
        having = (
            sa.select(_granted.c.role_id, sa.literal(permission), _granted.c.scope)
            .join(_role, _role.c.id == _granted.c.role_id)
            .where(_role.c.code == code, _granted.c.permission == like)
        )
        op.execute(_granted.insert().from_select(["role_id", "permission", "scope"], having))
