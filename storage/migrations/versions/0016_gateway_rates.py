"""What a gateway was given in the last hour is found without looking at the rest."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_smsattempt_sent", "sms_attempt", ["gateway_id", "sent_at"])
