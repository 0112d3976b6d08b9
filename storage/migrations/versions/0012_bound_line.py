"""Who is bound to a line is found without looking at everybody."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_user_bound_line", "user_account", ["bound_line"])
