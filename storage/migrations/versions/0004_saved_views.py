"""Saved views of lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations.steps import create_sequence
from storage.models import base

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_sequence("saved_view_seq")
    op.create_table(
        "saved_view",
        sa.Column("id", base.Key, sa.Sequence("saved_view_seq"), nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("list_name", sa.String(30), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("query", sa.String(1000), nullable=False),
        sa.Column("is_default", base.YesNo(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="fk_savedview_user"),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("user_id", "list_name", "name", name="uq_saved_view_name"),
    )
