"""Line hosts with their tokens, and which of their signals are dealt with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.models import base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "line_host",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("connected_at", base.Utc(), nullable=True),
        sa.Column("address", base.Words(60), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_line_host"),
    )
    op.add_column("phone_line", sa.Column("heard_source", base.Words(40), nullable=True))
    op.add_column("phone_line", sa.Column("heard_number", base.Key, nullable=True))
