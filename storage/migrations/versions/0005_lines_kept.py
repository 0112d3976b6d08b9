"""Lines that are kept here and not in the configuration file, and who may set them up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import grant_along
from storage.models import base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_line = sa.table("phone_line", sa.column("name"), sa.column("file_name"))

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
        grant_along(code, "lines.control", permissions)
