"""Lines that are kept here and not in the configuration file, and who may set them up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_line = sa.table("phone_line", sa.column("name"), sa.column("file_name"))
_role = sa.table("role", sa.column("id"), sa.column("code"))
_granted = sa.table("role_permission", sa.column("role_id"), sa.column("permission"), sa.column("scope"))

# Built-in role → what it is given, if it may control lines still.
_NEW = {
    "supervisor": ("lines.edit", "lines.test"),
    "administrator": ("lines.edit", "lines.manage", "lines.test"),
}


def upgrade() -> None:
    op.add_column("phone_line", sa.Column("file_name", base.Words(60), nullable=True))
    op.add_column("phone_line", sa.Column("settings", base.Json(), nullable=True))
    op.add_column("phone_line", sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text("1")))
    # Until now every line was one of the file.
    op.execute(_line.update().values(file_name=_line.c.name))
    for code, permissions in _NEW.items():
        for permission in permissions:
            op.execute(_grant(code, permission))


def _grant(code: str, permission: str) -> sa.Insert:
    """Give ``permission`` to the role as far as it may control lines."""
    controlling = (
        sa.select(_granted.c.role_id, sa.literal(permission), _granted.c.scope)
        .join(_role, _role.c.id == _granted.c.role_id)
        .where(_role.c.code == code, _granted.c.permission == "lines.control")
    )
    return _granted.insert().from_select(["role_id", "permission", "scope"], controlling)
