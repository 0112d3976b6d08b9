"""What is due and what is in doubt stand in indexes of their own rows only: other changes of a state cost less."""

from __future__ import annotations

from alembic import op

from storage.models import base

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "oracle":
        # It has no indexes of some rows only.
        return
    op.drop_index("ix_smsmessage_due", "sms_message")
    op.create_index(
        "ix_smsmessage_due", "sms_message", ["state", "priority", "next_at", "id"],
        **base.partial("next_at IS NOT NULL"),
    )  # fmt: skip
    op.drop_index("ix_smsattempt_doubt", "sms_attempt")
    op.create_index(
        "ix_smsattempt_doubt", "sms_attempt", ["gateway_id", "state", "number", "sent_at"],
        **base.partial("gateway_ref IS NULL"),
    )  # fmt: skip
