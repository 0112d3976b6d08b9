"""A ring changes no page of an index for each agent to whom it is offered."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_call_offer_user_id", "call_offer")
