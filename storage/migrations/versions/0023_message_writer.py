"""What one person has written is found by an index; it has no rows of what patients or the house itself wrote."""

from __future__ import annotations

from alembic import op

from storage.models import base

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_smsmessage_creator", "sms_message", ["created_by", "created_at", "id"],
        **base.partial("created_by IS NOT NULL"),
    )  # fmt: skip
